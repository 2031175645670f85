// Tests of one kind of plugin each, or of those that answer: what their headers ask for.
#include "runtime/plugins/models.hpp"
#include "runtime/plugins/offers.hpp"
#include "runtime/validate/answering.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace patchbay::validate {
namespace {

bool answers(const Kind& kind) { return kind.questions != nullptr; }

template <Breach... breaches>
Verdict answer(const Subject& subject) {
    return play(subject, {.about = &answers}, {breaches...});
}

template <const Kind& (*wanted)(), Breach... breaches>
Verdict of(const Subject& subject) {
    return play(subject, {.about = [](const Kind& kind) { return &kind == &wanted(); }},
                {breaches...});
}

template <Breach... breaches>
Verdict upstream(const Subject& subject) {
    return play(subject, {.upstream_only = true}, {breaches...});
}

// Whether what an instance says it can do has the form of its header.
template <const Kind& (*wanted)(), Offer offer, auto parse>
Verdict offers(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    const auto kinds = kinds_of(**loaded);
    if (std::ranges::find(kinds, &wanted()) == kinds.end())
        return skipped("it offers no such interface");
    Session session(**loaded, {});
    if (const auto made = session.create(config_for(subject, **loaded)); !made)
        return skipped("it makes no instance: " + made.error().message);
    const auto& json = session.offer(offer);
    if (json.empty() && offer != Offer::tools) return passed();
    const auto parsed = parse(json);
    return parsed ? passed() : failed(parsed.error().message);
}

// Who gets in where all is well may do so on purpose, when --allow-strangers says so. Who gets in
// only where something failed is a hole.
Verdict strangers(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    const auto& kind = auth_kind();
    if (!(*loaded)->get_interface(view_of(kind.interface_id)))
        return skipped("it offers no such interface");
    const bool upstream = asks_upstream(subject, **loaded, kind);
    std::set<std::string> welcome;
    for (const auto& scene : kind.scenes) {
        if (scene.about_upstream && !upstream) continue;
        const auto findings = play_scene(subject, **loaded, {}, scene);
        if (!findings) return skipped("it makes no instance: " + findings.error().message);
        for (const auto& finding : *findings) {
            if (finding.breach != Breach::let_in) continue;
            if (subject.allow_strangers && &scene == &kind.scenes.front())
                welcome.insert(finding.what);
            if (!welcome.contains(finding.what)) return failed(sentence_of(finding, scene.name));
        }
    }
    return welcome.empty() ? passed() : warned(*welcome.begin());
}

// What somebody may want so: spans that go nowhere, where there is no tracing system.
template <Verdict (*test)(const Subject&)>
Verdict only_warned(const Subject& subject) {
    auto verdict = test(subject);
    if (verdict.outcome == Outcome::failed) verdict.outcome = Outcome::warned;
    return verdict;
}

Verdict tiny_chunks(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    bool any = false;
    for (const auto* kind : kinds_of(**loaded)) {
        if (!asks_upstream(subject, **loaded, *kind)) continue;
        any = true;
        const auto difference =
            difference_between(subject, *kind, {.upstream = ordinary_upstream(subject)},
                               {.upstream = tiny_upstream(subject)});
        if (!difference) return skipped("it makes no instance: " + difference.error().message);
        if (*difference)
            return failed(fmt::format("in pieces: \"{}\"; a byte at a time: \"{}\"",
                                      (*difference)->first, (*difference)->second));
    }
    return any ? passed() : skipped("it makes no HTTP calls");
}

constexpr std::array<TestCase, 10> of_answers = {{
    {"stream.opens", "An ordinary request is answered",
     "Give what it needs with --config; what its upstream says with --upstream.",
     &answer<Breach::refused>},
    {"stream.finishes", "An answer ends, whatever happens to it",
     "Call finish() on every path: when the upstream's answer is over, in done() with an error, "
     "in callbacks that say CANCELLED, when a function of the host refuses.",
     &answer<Breach::no_finish>},
    {"stream.finishes_once", "An answer ends once",
     "Remember that you finished; what comes later must not do it again.",
     &answer<Breach::second_finish>},
    {"stream.finish_reason", "finish() has an error when its reason is ERROR, and only then",
     "Pass NULL as error with every other reason.", &answer<Breach::bad_finish>},
    {"stream.silent_after_finish", "Nothing is emitted after finish()",
     "Emit usage and the last text before finish().", &answer<Breach::late_emit>},
    {"stream.cancel", "cancel() is obeyed, whenever it comes",
     "Call finish(CANCELLED) in cancel(), unless you finished already: the host has cancelled your "
     "calls and timers.",
     &answer<Breach::cancel_ignored>},
    {"stream.pause", "PAUSE is obeyed until resume()",
     "When emit() returns PAUSE start no timer and emit nothing; go on in resume().",
     &answer<Breach::pause_ignored, Breach::cap>},
    {"stream.events", "Events have kinds, channels and sizes of the list",
     "See patchbay_event in abi/stream.h; cut texts of more than 64 KiB.",
     &answer<Breach::bad_event>},
    {"stream.failed_open", "An open() that fails leaves its stream alone",
     "Either return a failure, or call finish(): never both.", &answer<Breach::failed_open>},
    {"stream.destroy", "Everything is over when the instance is destroyed",
     "Complete what you began when it is cancelled.", &answer<Breach::not_closed>},
}};

constexpr std::array<TestCase, 4> of_offers = {{
    {"provider.models", "models() is a list of the form that provider.h has",
     "See models in abi/provider.h.",
     &offers<&provider_kind, Offer::models, &plugins::parse_models>},
    {"agent.methods", "methods() is a list of the form that agent.h has",
     "See methods in abi/agent.h; an input's schema is a JSON Schema.",
     &offers<&agent_kind, Offer::methods, &plugins::parse_methods>},
    {"tool.describe", "describe() is a list of the form that tool.h has",
     "See describe in abi/tool.h; parameters are a JSON Schema of an object.",
     &offers<&tool_kind, Offer::tools, &plugins::parse_tools>},
    {"tool.result", "A tool's call ends with one result, or with an error",
     "Emit one TOOL_RESULT, then finish(STOP); or finish(ERROR) with a message.",
     &of<&tool_kind, Breach::bad_result>},
}};

constexpr std::array<TestCase, 3> of_upstreams = {{
    {"upstream.tiny_chunks", "An answer that comes a byte at a time is the same answer",
     "data() gets bytes as they come: gather them until a line or the end.", &tiny_chunks},
    {"upstream.failures", "An upstream's failure is the answer's failure",
     "Look at head()'s status and at done()'s error; finish with ERROR and a message.",
     &upstream<Breach::hidden_failure>},
    {"upstream.requests", "Its HTTP calls are in order",
     "See patchbay_http_start in abi/http.h: http:// or https://, no CR or LF in headers.",
     &upstream<Breach::bad_http>},
}};

constexpr std::array<TestCase, 4> of_auth = {{
    {"auth.answers", "A check is answered, in time and clearly",
     "Call complete() in check(), or return PENDING and call it within 5 s, on every path; set "
     "either allow or deny.",
     &of<&auth_kind, Breach::no_verdict, Breach::bad_verdict>},
    {"auth.answers_once", "A check is answered once", "Remember that you answered.",
     &of<&auth_kind, Breach::second_verdict>},
    {"auth.strangers", "Strangers are not let in, also when something fails",
     "Deny, or say NOT_MINE, when you do not know the credential. Where everybody is to get in, "
     "--allow-strangers makes it a warning.",
     &strangers},
    {"auth.destroy", "Every check is over when the instance is destroyed",
     "Complete what you began when it is cancelled.", &of<&auth_kind, Breach::not_closed>},
}};

constexpr std::array<TestCase, 6> of_middleware = {{
    {"middleware.answers", "A turn is decided about once, in time and clearly",
     "Call complete() in on_request(), or return PENDING and call it within 5 s, on every path; "
     "set either change or deny.",
     &of<&middleware_kind, Breach::no_verdict, Breach::bad_verdict, Breach::second_verdict>},
    {"middleware.events", "on_events() says PASS or TAKEN, and emits with TAKEN alone",
     "Emit on `out` in on_events() and on_end() only; what you emit takes the batch's place.",
     &of<&middleware_kind, Breach::bad_batch, Breach::bad_event>},
    {"middleware.cuts", "The same is shown wherever a text was cut",
     "Hold what may be the beginning of what you look for, until the next event or on_end().",
     &of<&middleware_kind, Breach::uneven_text>},
    {"middleware.end", "What is held is shown when the answer ends",
     "Emit it in on_end(), all of it.", &of<&middleware_kind, Breach::lost_text>},
    {"middleware.unknown_kinds", "Events of kinds that it does not know go on",
     "Let pass, or emit as they are, events of a later version.",
     &of<&middleware_kind, Breach::lost_event>},
    {"middleware.destroy", "Every turn is over when the instance is destroyed",
     "Complete what you began when it is cancelled.", &of<&middleware_kind, Breach::not_closed>},
}};

constexpr std::array<TestCase, 2> of_exporters = {{
    {"exporter.exports", "An ordinary batch is taken",
     "Where no tracing system is at hand, look whether the reason is that.",
     &only_warned<&of<&exporter_kind, Breach::refused_batch>>},
    {"exporter.in_time", "A batch is done with in 10 s", "Set a time limit for the connection.",
     &of<&exporter_kind, Breach::late_return>},
}};

}  // namespace

std::span<const TestCase> answer_tests() { return of_answers; }
std::span<const TestCase> offer_tests() { return of_offers; }
std::span<const TestCase> middleware_tests() { return of_middleware; }
std::span<const TestCase> exporter_tests() { return of_exporters; }
std::span<const TestCase> upstream_tests() { return of_upstreams; }
std::span<const TestCase> auth_tests() { return of_auth; }

}  // namespace patchbay::validate
