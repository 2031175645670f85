// Tests of one kind of plugin each: what provider.h, auth.h and http.h ask for.
#include "runtime/plugins/models.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/scene.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <fmt/format.h>

#include <array>

namespace patchbay::validate {
namespace {

template <Breach... breaches>
Verdict provider(const Subject& subject) {
    return play(subject, {.only = &provider_kind()}, {breaches...});
}

template <Breach... breaches>
Verdict auth(const Subject& subject) {
    return play(subject, {.only = &auth_kind()}, {breaches...});
}

template <Breach... breaches>
Verdict upstream(const Subject& subject) {
    return play(subject, {.upstream_only = true}, {breaches...});
}

Verdict models(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    if (kinds_of(**loaded).empty() || kinds_of(**loaded).front() != &provider_kind())
        return skipped("it offers no such interface");
    Session session(**loaded, {});
    if (const auto made = session.create(config_for(subject, **loaded)); !made)
        return skipped("it makes no instance: " + made.error().message);
    const auto json = session.host().models();
    if (json.empty()) return passed();
    const auto parsed = plugins::parse_models(json);
    return parsed ? passed() : failed(parsed.error().message);
}

// A stranger that is let in may be meant so, on a machine of one's own.
Verdict strangers(const Subject& subject) {
    auto verdict = auth<Breach::let_in>(subject);
    if (verdict.outcome == Outcome::failed) verdict.outcome = Outcome::warned;
    return verdict;
}

Verdict tiny_chunks(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    bool any = false;
    for (const auto* kind : kinds_of(**loaded)) {
        std::array<std::string, 2> transcripts;
        for (size_t i = 0; i < transcripts.size(); ++i) {
            Session session(**loaded, {});
            if (const auto made = session.create(config_for(subject, **loaded)); !made)
                return skipped("it makes no instance: " + made.error().message);
            session.set_upstream(i == 0 ? ordinary_upstream(subject) : tiny_upstream(subject));
            transcripts[i] = kind->transcript({session, subject});
            any = any || session.http_calls() > 0;
        }
        if (any && transcripts[0] != transcripts[1])
            return failed(fmt::format("in pieces: \"{}\"; a byte at a time: \"{}\"", transcripts[0],
                                      transcripts[1]));
    }
    return any ? passed() : skipped("it makes no HTTP calls");
}

constexpr std::array<TestCase, 12> of_providers = {{
    {"stream.opens", "An ordinary request is answered",
     "Give what it needs with --config; what its upstream says with --upstream.",
     &provider<Breach::refused>},
    {"stream.finishes", "An answer ends, whatever happens to it",
     "Call finish() on every path: when the upstream's answer is over, in done() with an error, "
     "in callbacks that say CANCELLED, when a function of the host refuses.",
     &provider<Breach::no_finish>},
    {"stream.finishes_once", "An answer ends once",
     "Remember that you finished; what comes later must not do it again.",
     &provider<Breach::second_finish>},
    {"stream.finish_reason", "finish() has an error when its reason is ERROR, and only then",
     "Pass NULL as error with every other reason.", &provider<Breach::bad_finish>},
    {"stream.silent_after_finish", "Nothing is emitted after finish()",
     "Emit usage and the last text before finish().", &provider<Breach::late_emit>},
    {"stream.cancel", "cancel() is obeyed, whenever it comes",
     "Call finish(CANCELLED) in cancel(), unless you finished already: the host has cancelled your "
     "calls and timers.",
     &provider<Breach::cancel_ignored>},
    {"stream.pause", "PAUSE is obeyed until resume()",
     "When emit() returns PAUSE start no timer and emit nothing; go on in resume().",
     &provider<Breach::pause_ignored, Breach::cap>},
    {"stream.events", "Events have kinds, channels and sizes of the list",
     "See patchbay_event in abi/stream.h; cut texts of more than 64 KiB.",
     &provider<Breach::bad_event>},
    {"stream.failed_open", "An open() that fails leaves its stream alone",
     "Either return a failure, or call finish(): never both.", &provider<Breach::failed_open>},
    {"stream.destroy", "Everything is over when the instance is destroyed",
     "Complete what you began when it is cancelled.", &provider<Breach::not_closed>},
    {"provider.models", "models() is a list of the form that provider.h has",
     "See models in abi/provider.h.", &models},
    {"upstream.tiny_chunks", "An answer that comes a byte at a time is the same answer",
     "data() gets bytes as they come: gather them until a line or the end.", &tiny_chunks},
}};

constexpr std::array<TestCase, 2> of_upstreams = {{
    {"upstream.failures", "An upstream's failure is the answer's failure",
     "Look at head()'s status and at done()'s error; finish with ERROR and a message.",
     &upstream<Breach::hidden_failure>},
    {"upstream.requests", "Its HTTP calls are in order",
     "See patchbay_http_start in abi/http.h: http:// or https://, no CR or LF in headers.",
     &upstream<Breach::bad_argument>},
}};

constexpr std::array<TestCase, 4> of_auth = {{
    {"auth.answers", "A check is answered, in time and clearly",
     "Call complete() in check(), or return PENDING and call it within 5 s, on every path; set "
     "either allow or deny.",
     &auth<Breach::no_verdict, Breach::bad_verdict>},
    {"auth.answers_once", "A check is answered once", "Remember that you answered.",
     &auth<Breach::second_verdict>},
    {"auth.strangers", "Strangers are not let in, also when something fails",
     "Deny, or say NOT_MINE, when you do not know the credential.", &strangers},
    {"auth.destroy", "Every check is over when the instance is destroyed",
     "Complete what you began when it is cancelled.", &auth<Breach::not_closed>},
}};

}  // namespace

std::span<const TestCase> provider_tests() { return of_providers; }
std::span<const TestCase> upstream_tests() { return of_upstreams; }
std::span<const TestCase> auth_tests() { return of_auth; }

}  // namespace patchbay::validate
