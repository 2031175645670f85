// Random orders of what may happen to a provider. A seed gives the same orders again.
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/scene.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace patchbay::validate {
namespace {

using testing::FakeChat;

constexpr uint64_t rounds = 300;
constexpr int steps = 60;

class Fuzzer {
public:
    Fuzzer(const Stage& stage, uint64_t seed) : stage_(stage), random_(seed) {}

    void play() {
        for (int step = 0; step < steps; ++step) act(pick(10));
        for (auto* chat : chats_) chat->resume();
    }

private:
    uint64_t pick(uint64_t count) { return random_() % count; }  // the same everywhere

    FakeChat* any() { return chats_.empty() ? nullptr : chats_[pick(chats_.size())]; }

    void open() {
        const auto trouble = pick(upstream_trouble_count * 3);
        stage_.session.set_upstream(trouble < upstream_trouble_count
                                        ? upstream_troubles()[trouble].upstream(stage_.subject)
                                        : slow_upstream(stage_.subject));
        if (auto chat = stage_.session.host().open()) chats_.push_back(*chat);
    }

    void act(uint64_t choice) {
        auto* chat = any();
        if (choice == 0 || !chat) return open();
        switch (choice) {
            case 1: return chat->pause();
            case 2: return chat->pause_after(pick(4) + 1);
            case 3: return chat->resume();
            case 4: return chat->cancel(static_cast<patchbay_reason>(pick(6)));
            case 5: return stage_.session.set_refusal(static_cast<Refusal>(pick(4)));
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
    std::mt19937_64 random_;
    std::vector<FakeChat*> chats_;
};

Verdict fuzz(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return skipped("it does not load");
    if (kinds_of(**loaded).empty() || kinds_of(**loaded).front() != &provider_kind())
        return skipped("it offers no such interface");
    for (uint64_t round = 0; round < rounds; ++round) {
        const auto seed = subject.seed + round;
        note(last_words().scene, fmt::format("fuzzed with --seed {}", seed).c_str());
        Session session(**loaded, {.conduct = {.guard_views = true}});
        if (const auto made = session.create(config_for(subject, **loaded)); !made)
            return skipped("it makes no instance: " + made.error().message);
        Fuzzer({session, subject}, seed).play();
        session.shut_down();
        for (const auto& fault : session.host().faults())
            if (fault == "no finish within 5 s of cancel")
                session.probe().find(Breach::cancel_ignored, "no finish() within 5 s of cancel()");
        const auto findings = session.probe().findings();
        if (!findings.empty())
            return failed(
                fmt::format("{}, in the orders of --seed {}", findings.front().what, seed));
    }
    return passed();
}

}  // namespace

TestCase fuzz_test() {
    return {"fuzz.orders", "Events in random orders find nothing",
            "The same --seed plays the same orders, the one that failed first.", &fuzz};
}

}  // namespace patchbay::validate
