// Random orders of what may happen to answers. A seed gives the same orders again.
#include "runtime/validate/answering.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace patchbay::validate {
namespace {

using testing::FakeStream;

using namespace std::chrono_literals;

constexpr uint64_t rounds = 300;
constexpr int steps = 60;
constexpr uint64_t refusal_count = 10;

class Fuzzer {
public:
    Fuzzer(const Stage& stage, std::vector<Question> questions, uint64_t seed)
        : stage_(stage), questions_(std::move(questions)), random_(seed) {}

    void play() {
        for (int step = 0; step < steps; ++step) act(pick(10));
        for (auto* answer : answers_) answer->resume();
    }

private:
    uint64_t pick(uint64_t count) { return random_() % count; }  // the same everywhere

    FakeStream* any() { return answers_.empty() ? nullptr : answers_[pick(answers_.size())]; }

    void open() {
        const auto trouble = pick(upstream_trouble_count * 3);
        auto world = slow_world(stage_.subject);
        world.child = [calls = pick(3) == 0](const patchbay_chat_start&, size_t nth) {
            return calls && nth == 0 ? child_with_tool_calls(1s) : ordinary_child(1s);
        };
        if (trouble < upstream_trouble_count)
            world.upstream = upstream_troubles()[trouble].upstream(stage_.subject);
        stage_.session.set_world(std::move(world));
        if (auto answer = questions_[pick(questions_.size())].open()) answers_.push_back(*answer);
    }

    void act(uint64_t choice) {
        auto* answer = any();
        if (choice == 0 || !answer) return open();
        switch (choice) {
            case 1: return answer->pause();
            case 2: return answer->pause_after(pick(4) + 1);
            case 3: return answer->resume();
            case 4: return answer->cancel(static_cast<patchbay_reason>(pick(6)));
            case 5: return stage_.session.set_refusal(static_cast<Refusal>(pick(refusal_count)));
            case 6: return stage_.session.set_refusal(Refusal::none);
            case 7: return advance(std::chrono::milliseconds(pick(3000)));
            case 8: return advance(std::chrono::microseconds(pick(500)));
            default: return advance(std::chrono::microseconds(0));
        }
    }

    void advance(std::chrono::microseconds time) {
        stage_.session.run_until([] { return false; }, time);
    }

    const Stage& stage_;
    std::vector<Question> questions_;
    std::mt19937_64 random_;
    std::vector<FakeStream*> answers_;
};

// What an order came to: nothing, or the first thing that was found.
std::optional<Finding> fuzz_once(const Subject& subject, const patchbay_plugin& plugin,
                                 const Kind& kind, uint64_t seed) {
    Session session(plugin, {.conduct = {.guard_views = true}});
    if (!session.create(config_for(subject, plugin))) return std::nullopt;
    const Stage stage = {session, subject};
    auto questions = kind.questions(stage);
    if (questions.empty()) return std::nullopt;
    Fuzzer(stage, std::move(questions), seed).play();
    session.shut_down();
    for (const auto& fault : session.host().faults())
        if (fault == "no finish within 5 s of cancel")
            session.probe().find(Breach::cancel_ignored, "no finish() within 5 s of cancel()");
    const auto findings = session.probe().findings();
    return findings.empty() ? std::nullopt : std::optional(findings.front());
}

Verdict fuzz(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    auto kinds = kinds_of(**loaded);
    std::erase_if(kinds, [](const Kind* kind) { return !kind->questions; });
    if (kinds.empty()) return skipped("it offers no such interface");
    if (Session session(**loaded, {}); !session.create(config_for(subject, **loaded)))
        return skipped("it makes no instance");
    for (uint64_t round = 0; round < rounds; ++round) {
        const auto seed = subject.seed + round;
        note(last_words().scene, fmt::format("fuzzed with --seed {}", seed).c_str());
        for (const auto* kind : kinds)
            if (const auto found = fuzz_once(subject, **loaded, *kind, seed))
                return failed(fmt::format("{}, in the orders of --seed {}", found->what, seed));
    }
    return passed();
}

}  // namespace

TestCase fuzz_test() {
    return {"fuzz.orders", "Events in random orders find nothing",
            "The same --seed plays the same orders, the one that failed first.", &fuzz};
}

}  // namespace patchbay::validate
