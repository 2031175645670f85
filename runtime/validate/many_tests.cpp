// A load test: hundreds of answers at a time, idle and active. What it costs is told in figures.
#include "runtime/validate/answering.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/growth.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/scene.hpp"

#include <fmt/format.h>

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace patchbay::validate {
namespace {

using testing::FakeStream;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr size_t idle_streams = 1'000;
constexpr size_t active_streams = 200;

// What is slow is cut short: each half has so much time of the processor, and so much real time.
class Patience {
public:
    bool ended() const {
        constexpr auto most_work = 1s;
        constexpr auto most_time = 15s;
        return work() - work_before_ > most_work || Clock::now() - start_ > most_time;
    }

private:
    static std::chrono::nanoseconds work() {
        timespec now = {};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    }

    std::chrono::nanoseconds work_before_ = work();
    Clock::time_point start_ = Clock::now();
};

struct Crowd {
    std::vector<FakeStream*> answers;
    bool refused = false;  // one more
};

Crowd open_many(const Stage& stage, const Kind& kind, size_t count) {
    Crowd crowd;
    const auto questions = kind.questions(stage);
    const Patience patience;
    while (!questions.empty() && crowd.answers.size() < count && !patience.ended()) {
        const auto answer = questions[crowd.answers.size() % questions.size()].open();
        if (!answer) {
            crowd.refused = true;
            break;
        }
        crowd.answers.push_back(*answer);
    }
    return crowd;
}

// Until all are closed, or nothing more can come. False: patience ended before.
bool run_to_end(const Stage& stage, const Crowd& crowd) {
    const Patience patience;
    size_t closed = 0;
    stage.session.run_until([&] {
        while (closed < crowd.answers.size() && crowd.answers[closed]->closed()) ++closed;
        return closed == crowd.answers.size() || patience.ended();
    });
    return !patience.ended();
}

size_t unfinished(const Crowd& crowd) {
    return static_cast<size_t>(std::ranges::count_if(
        crowd.answers, [](const auto* answer) { return !answer->finished(); }));
}

// --- idle ---------------------------------------------------------------------------------------
// Opened, and nothing happens: what the calls have left on the heap is what they weigh.
std::vector<Figure> weigh_idle(const Stage& stage, const Kind& kind) {
    stage.session.set_world(slow_world(stage.subject));
    auto& probe = stage.session.probe();
    probe.weigh(true);
    const auto crowd = open_many(stage, kind, idle_streams);
    probe.weigh(false);
    if (crowd.answers.empty()) return {};
    const auto bytes = static_cast<double>(probe.weight());
    const auto count = static_cast<double>(crowd.answers.size());
    std::vector<Figure> figures = {{"idle_streams", count}};
    if (bytes_in_use()) figures.push_back({"bytes_per_idle_stream", std::max(0.0, bytes) / count});
    return figures;
}

// --- active -------------------------------------------------------------------------------------
std::vector<Figure> figures_of(const Probe& probe, const Crowd& crowd) {
    size_t events = 0;
    for (const auto* answer : crowd.answers) events += answer->events().size();
    std::chrono::nanoseconds time{0};
    for (const auto& [key, taken] : probe.times()) time += taken;
    std::vector<Figure> figures = {{"active_streams", static_cast<double>(crowd.answers.size())},
                                   {"events", static_cast<double>(events)}};
    if (events > 0)
        figures.push_back({"microseconds_per_event",
                           static_cast<double>(time.count()) / 1e3 / static_cast<double>(events)});
    return figures;
}

// Whether one that has the instance to itself comes to an end.
bool lone_one_ends(const Stage& stage, const Kind& kind) {
    const auto lone = open_many(stage, kind, 1);
    run_to_end(stage, lone);
    return !lone.answers.empty() && lone.answers.front()->finished();
}

Verdict run_active(const Stage& stage, const Kind& kind) {
    stage.session.set_world(slow_world(stage.subject));
    if (!lone_one_ends(stage, kind)) return skipped("a lone answer does not end");
    const auto crowd = open_many(stage, kind, active_streams);
    const bool over = run_to_end(stage, crowd);
    if (const auto lost = unfinished(crowd); over && lost > 0)
        return failed(fmt::format("{} of {} answers at a time never ended: no finish()", lost,
                                  crowd.answers.size()));
    auto verdict =
        crowd.refused
            ? warned(fmt::format("it refuses more than {} at a time", crowd.answers.size()))
            : passed();
    verdict.figures = figures_of(stage.session.probe(), crowd);
    return verdict;
}

template <class Body>
Verdict with_session(const Subject& subject, const patchbay_plugin& plugin, Conduct conduct,
                     Body body) {
    Session session(plugin, {.conduct = conduct});
    if (const auto made = session.create(config_for(subject, plugin)); !made)
        return skipped("it makes no instance: " + made.error().message);
    return body(Stage{session, subject});
}

Verdict streams(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    note(last_words().scene, "asked by many at a time");
    for (const auto* kind : kinds_of(**loaded)) {
        if (!kind->questions) continue;
        std::vector<Figure> idle;
        auto verdict = with_session(subject, **loaded, {}, [&](const Stage& stage) {
            idle = weigh_idle(stage, *kind);
            return passed();
        });
        if (verdict.outcome == Outcome::skipped) return verdict;
        verdict = with_session(subject, **loaded, {.measure = true},
                               [&](const Stage& stage) { return run_active(stage, *kind); });
        if (verdict.outcome != Outcome::skipped)
            verdict.figures.insert(verdict.figures.begin(), idle.begin(), idle.end());
        return verdict;
    }
    return skipped("it offers no such interface");
}

constexpr std::array<TestCase, 1> tests = {{
    {"many.streams", "Hundreds of answers at a time end like one",
     "Keep no table of fixed size; refuse with LIMIT what is too much.", &streams},
}};

}  // namespace

std::span<const TestCase> many_tests() { return tests; }

}  // namespace patchbay::validate
