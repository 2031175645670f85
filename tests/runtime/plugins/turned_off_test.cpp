// Providers that break the contract too often, and what becomes of them and of what they run.
#include "runtime/plugins/authenticator.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

class TurnedOffTest : public LaneTest {
protected:
    TurnedOffTest() {
        limit->count = 2;
        instance.reset();
        instance = make_instance(script, "scripted", {.version = "0.0.0", .fault_limit = limit});
    }

    std::shared_ptr<FaultLimit> limit = std::make_shared<FaultLimit>();
};

TEST_F(TurnedOffTest, ExceptionsTurnAnInstanceOffAndTheNextChatIsRefusedUnasked) {
    script.on_open = [](const auto&, auto) -> patchbay_status { throw std::runtime_error("no"); };
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(open());
    const auto asked = script.journal.lines().size();

    EXPECT_FALSE(open());

    EXPECT_EQ(error.code, ErrorCode::unavailable);
    EXPECT_EQ(error.message, "scripted was turned off");
    EXPECT_EQ(script.journal.lines().size(), asked);
    EXPECT_NE(instance->fault_report().verdict.find("provider.open let a C++ exception out: no"),
              std::string::npos);
}

TEST_F(TurnedOffTest, WhatRunsOnItEndsInItsOwnWay) {
    patchbay_stream stream{};
    script.on_open = [&](const auto&, patchbay_stream opened) {
        stream = opened;
        return PATCHBAY_OK;
    };
    ASSERT_TRUE(open());
    for (int i = 0; i < 2; ++i) instance->fault("did wrong");
    ASSERT_FALSE(instance->is_alive());

    on_lane([&] {
        EXPECT_EQ(script.emit(stream, "still here"), PATCHBAY_OK);
        EXPECT_EQ(script.finish(stream), PATCHBAY_OK);
    });

    EXPECT_TRUE(all_closed());
    EXPECT_EQ(listener.journal.lines().back(), "finish 1");
    EXPECT_EQ(script.journal.lines().back(), "close");
}

TEST_F(TurnedOffTest, ABlockedLaneCounts) {
    script.on_open = [&](const auto&, patchbay_stream opened) {
        std::this_thread::sleep_for(150ms);
        return script.finish(opened);
    };

    for (int i = 0; i < 2; ++i) EXPECT_TRUE(open());

    EXPECT_TRUE(all_closed());
    EXPECT_FALSE(instance->is_alive());
}

TEST_F(TurnedOffTest, FailuresOfUpstreamsAreNoFaults) {
    script.on_open = [&](const auto&, auto) { return PATCHBAY_E_UPSTREAM; };

    for (int i = 0; i < 20; ++i) EXPECT_FALSE(open());

    EXPECT_TRUE(instance->is_alive());
    EXPECT_EQ(instance->faults(), 0u);
}

TEST_F(TurnedOffTest, EventsOfANewerPluginAndAddressesOfUsersAreForgiven) {
    script.on_open = [&](const auto&, patchbay_stream opened) {
        patchbay_event event{};
        event.kind = 9999;
        script.emit(opened, event);
        patchbay_handle call{};
        ScriptedCall::start(script, opened, "no address", 0, {}, call);
        return script.finish(opened);
    };

    for (int i = 0; i < 5; ++i) EXPECT_TRUE(open());

    EXPECT_TRUE(all_closed());
    EXPECT_TRUE(instance->is_alive());
    EXPECT_GE(instance->faults(), 5u);
}

TEST_F(TurnedOffTest, NobodyGetsPastAnAuthInstanceThatIsOff) {
    script.on_check = [&](const auto&, auto) -> patchbay_status {
        ADD_FAILURE() << "it was asked";
        return PATCHBAY_NOT_MINE;
    };
    Script next_script;
    next_script.on_check = [&](const auto&, patchbay_request request) {
        return next_script.allow(request, "user:next");
    };
    const auto next = make_instance(next_script, "next");
    for (int i = 0; i < 2; ++i) instance->fault("did wrong");

    std::promise<Result<Principal>> answer;
    on_lane([&] {
        authenticate(lane, {{"scripted", instance}, {"next", next}}, {.credential = "x"},
                     [&](Result<Principal> principal) { answer.set_value(std::move(principal)); });
    });
    const auto principal = answer.get_future().get();

    ASSERT_FALSE(principal);
    EXPECT_EQ(principal.error().code, ErrorCode::unavailable);
    EXPECT_EQ(principal.error().message, "The auth plugin 'scripted' is off.");
}

}  // namespace
}  // namespace patchbay::plugins
