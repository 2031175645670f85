#include "runtime/plugins/check_lane.hpp"

#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <semaphore>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

class CheckLaneTest : public LaneTest {
protected:
    ~CheckLaneTest() override {
        deadlines.stop();
        checks.stop();
    }

    // Whoever says "hold" gets no answer before the gate opens.
    void let_the_plugin_hold_its_lane() {
        script.on_check = [this](const patchbay_http_request& request, patchbay_request check) {
            script.journal.add("asked about " + string_of(request.credential));
            if (string_of(request.credential) == "hold") {
                script.journal.add("held");
                gate.acquire();
                script.journal.add("let go");
            }
            return script.allow(check, "user:a");
        };
    }
    void ask(const std::string& credential) { ask(checks, credential); }
    void ask(CheckLane& on, const std::string& credential) {
        on.check({{"script", instance}}, {.credential = credential},
                 [this, credential](Result<Principal> result) {
                     const auto heard =
                         result ? result->owner : std::string(name_of(result.error().code));
                     answers.add(credential + " " + heard);
                 });
    }

    void expect_that_the_second_who_waits_is_refused(const CheckLimits& limits) {
        let_the_plugin_hold_its_lane();
        CheckLane small(resolver, deadlines, limits);
        small.start();
        ask(small, "hold");
        ASSERT_TRUE(script.journal.wait_for("held"));
        ask(small, "waits");

        ask(small, "comes");

        EXPECT_EQ(answers.lines(), std::vector<std::string>{"comes unavailable"});
        gate.release();
        EXPECT_TRUE(answers.wait_for("waits user:a"));
        small.stop();
    }

    std::counting_semaphore<> gate{0};
    Journal answers;
    net::Deadlines deadlines;
    CheckLane checks{resolver, deadlines, {.time = 1h, .queue_time = 1h}};
};

TEST_F(CheckLaneTest, ACheckThatComesBeforeTheStartIsAnsweredAfterIt) {
    let_the_plugin_hold_its_lane();

    ask("early");
    checks.start();

    EXPECT_TRUE(answers.wait_for("early user:a"));
}

TEST_F(CheckLaneTest, AHeldLaneOfRunsHoldsUpNoCheck) {
    let_the_plugin_hold_its_lane();
    checks.start();
    lane.post([this] {
        script.journal.add("lane held");
        gate.acquire();
    });
    ASSERT_TRUE(script.journal.wait_for("lane held"));

    ask("other");

    EXPECT_TRUE(answers.wait_for("other user:a"));
    gate.release();
}

TEST_F(CheckLaneTest, WhoWaitsBehindAnAuthPluginThatHoldsTheLaneIsRefused) {
    let_the_plugin_hold_its_lane();
    CheckLane impatient(resolver, deadlines, {.time = 50ms, .left_behind = 0});
    impatient.start();

    ask(impatient, "hold");
    ask(impatient, "behind");

    EXPECT_TRUE(answers.wait_for("hold unavailable"));
    EXPECT_TRUE(answers.wait_for("behind unavailable"));
    gate.release();
    impatient.stop();
    EXPECT_EQ(answers.lines().size(), 2u);                      // the late verdicts are nobody's
    EXPECT_EQ(script.journal.count("asked about behind"), 0u);  // whom nobody waits for
}

TEST_F(CheckLaneTest, AnotherLaneTakesOverFromOneThatIsHeld) {
    let_the_plugin_hold_its_lane();
    CheckLane impatient(resolver, deadlines, {.time = 50ms});
    impatient.start();
    ask(impatient, "hold");
    ASSERT_TRUE(answers.wait_for("hold unavailable"));

    ask(impatient, "other");

    EXPECT_TRUE(answers.wait_for("other user:a"));
    EXPECT_FALSE(impatient.stop(10ms));  // one of them is still held
    gate.release();
    while (!impatient.stop(10ms)) std::this_thread::yield();
}

TEST_F(CheckLaneTest, ALaneThatHasComeFreeTakesOverAgain) {
    let_the_plugin_hold_its_lane();
    CheckLane impatient(resolver, deadlines, {.time = 1s, .left_behind = 1});
    impatient.start();
    struct Opening {  // whatever fails
        std::counting_semaphore<>& gate;
        ~Opening() { gate.release(8); }
    } opening{gate};
    for (size_t round = 1; round <= 3; ++round) {
        ask(impatient, "hold");
        ASSERT_TRUE(script.journal.wait_for("held", round));
        ASSERT_TRUE(answers.wait_for("hold unavailable", round));
        ask(impatient, "other");
        ASSERT_TRUE(answers.wait_for("other user:a", round)) << round;
        gate.release();
        ASSERT_TRUE(script.journal.wait_for("let go", round));
    }

    EXPECT_TRUE(impatient.stop(1h));  // none of them is held
}

TEST_F(CheckLaneTest, WhereTooManyWaitWhoComesIsRefusedAtOnce) {
    expect_that_the_second_who_waits_is_refused({.time = 1h, .queue_time = 1h, .queue = 1});
}

TEST_F(CheckLaneTest, WhereRequestsAreTooLargeTogetherWhoComesIsRefusedAtOnce) {
    expect_that_the_second_who_waits_is_refused({.time = 1h, .queue_time = 1h, .queue_bytes = 1});
}

TEST_F(CheckLaneTest, WhereOneHasWaitedForLongWhoComesIsRefusedAtOnce) {
    expect_that_the_second_who_waits_is_refused({.time = 1h, .queue_time = 0ms});
}

TEST_F(CheckLaneTest, StopDropsWhoStillWaits) {
    auto kept = std::make_shared<int>();
    const std::weak_ptr<int> left = kept;
    checks.check({{"script", instance}}, {}, [kept = std::move(kept)](auto) {});

    deadlines.stop();

    EXPECT_TRUE(left.expired());
}

}  // namespace
}  // namespace patchbay::plugins
