// Tests of what base.h asks of every function of every plugin: memory, threads, time, failures.
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/scene.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace patchbay::validate {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

template <Breach... breaches>
Verdict any_kind(const Subject& subject) {
    return play(subject, {}, {breaches...});
}

// A kept view kills the process: the parent sees why. Nothing else is judged.
Verdict views(const Subject& subject) {
    return play(subject, {.traits = {.conduct = {.guard_views = true}}}, {});
}

Verdict other_threads(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    for (const auto* kind : kinds_of(**loaded)) {
        const auto upstream = ordinary_upstream(subject);
        const auto difference =
            difference_between(subject, *kind, {.upstream = upstream},
                               {.conduct = {.move_threads = true}, .upstream = upstream});
        if (!difference) return skipped("it makes no instance: " + difference.error().message);
        if (*difference)
            return failed(fmt::format("on one thread: \"{}\"; on another in each call: \"{}\"",
                                      (*difference)->first, (*difference)->second));
    }
    return play(subject, {.traits = {.conduct = {.move_threads = true}}}, {});
}

// --- time ---------------------------------------------------------------------------------------
constexpr nanoseconds budget = 1ms;
constexpr nanoseconds limit = 5ms;
constexpr size_t rounds = 7;

using Samples = std::map<Probe::CallKey, std::vector<nanoseconds>>;

nanoseconds median(std::vector<nanoseconds> samples) {
    const auto middle = samples.begin() + static_cast<ptrdiff_t>(samples.size() / 2);
    std::ranges::nth_element(samples, middle);
    return *middle;
}

// The same call of the same scene again and again: what is slow every time is the plugin, what is
// slow once is the machine.
Verdict judge(const Samples& samples, std::string_view scene) {
    nanoseconds slowest{0};
    std::string slot;
    for (const auto& [key, times] : samples) {
        if (times.size() < rounds) continue;
        if (const auto time = median(times); time > slowest) {
            slowest = time;
            slot = key.first;
        }
    }
    if (slowest <= budget) return passed();
    const auto what = fmt::format("{} blocks its lane for {:.1f} ms, when it is {}", slot,
                                  static_cast<double>(slowest.count()) / 1e6, scene);
    return slowest > limit ? failed(what) : warned(what);
}

Verdict time(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    auto worst = passed();
    const auto jobs_before = job_time(last_words());
    for (const auto* kind : kinds_of(**loaded)) {
        const bool upstream = asks_upstream(subject, **loaded, *kind);
        for (const auto& scene : kind->scenes) {
            if (scene.large || (scene.about_upstream && !upstream)) continue;
            note(last_words().scene, std::string(scene.name).c_str());
            Samples samples;
            for (size_t round = 0; round < rounds; ++round) {
                Session session(**loaded, {.conduct = {.measure = true}});
                if (const auto made = session.create(config_for(subject, **loaded)); !made)
                    return skipped("it makes no instance: " + made.error().message);
                scene.play({session, subject});
                session.shut_down();
                for (const auto& [key, time] : session.probe().times())
                    samples[key].push_back(time);
            }
            const auto verdict = judge(samples, scene.name);
            if (verdict.outcome == Outcome::failed) return verdict;
            if (verdict.outcome == Outcome::warned) worst = verdict;
            const auto in_jobs = job_time(last_words()) - jobs_before;
            if (in_jobs > rounds * 1s) return slow_jobs(in_jobs, scene.name);
        }
    }
    return worst;
}

constexpr std::array<TestCase, 10> tests = {{
    {"errors.exceptions", "No exception leaves it",
     "Catch everything in each function that the host calls, and fail with INTERNAL: the C++ "
     "layer does.",
     &any_kind<Breach::exception>},
    {"errors.reasons", "A failure has a reason",
     "Call host->set_error() with a message before you return a failure; give finish(ERROR) one.",
     &any_kind<Breach::no_reason>},
    {"text.utf8", "What it hands over is UTF-8",
     "Check what comes from upstream, and do not cut a character between two events.",
     &any_kind<Breach::bad_utf8>},
    {"text.json", "What it hands over as JSON is JSON",
     "Check what comes from upstream; a tool call's arguments are JSON too.",
     &any_kind<Breach::bad_json>},
    {"host.arguments", "What it asks of the host is in order",
     "See the limits in the header of the function that is named.",
     &any_kind<Breach::bad_argument>},
    {"memory.views", "It keeps no view beyond its call, and reads none beyond its end",
     "Copy what you keep. A patchbay_str has a size and no NUL.", &views},
    {"memory.handles", "It uses no handle that is over",
     "After close() forget the stream; keep all 64 bits of a handle, and compute none.",
     &any_kind<Breach::stale_handle>},
    {"threads.moves", "Its lane may be on another OS thread in every call",
     "Keep state in your chat, not in thread_local variables.", &other_threads},
    {"threads.foreign", "It calls [lane] functions on the lane only",
     "From a thread of your own call post(); do the rest in its callback.",
     &any_kind<Breach::wrong_thread>},
    {"threads.time", "No call blocks its lane: 1 ms is the budget, 5 ms the limit",
     "Do not sleep, wait or compute at length on a lane: use timers, HTTP calls, workers.", &time},
}};

}  // namespace

std::span<const TestCase> conduct_tests() { return tests; }

}  // namespace patchbay::validate
