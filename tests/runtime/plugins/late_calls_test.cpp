#include "runtime/plugins/late_calls.hpp"

#include "runtime/plugins/breadcrumb.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

constexpr int64_t ms = 1'000'000;

TEST(LateCallsTest, ManyShortDelaysWeighAsMuchAsALongOne) {
    LateCalls calls;
    int counted = 0;

    for (int i = 0; i < 100; ++i) counted += calls.weigh(20 * ms, 0) == FaultWeight::counted;

    EXPECT_EQ(counted, 20);
    EXPECT_EQ(calls.weigh(200 * ms, 0), FaultWeight::counted);
}

TEST(LateCallsTest, WhatWaitedForAProcessorIsTheMachinesFault) {
    LateCalls calls;

    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(calls.weigh(300 * ms, 300 * ms), FaultWeight::forgiven);
        EXPECT_EQ(calls.weigh(40 * ms, 60 * ms), FaultWeight::forgiven);
    }
}

TEST(LateCallsTest, WithoutTheKernelsWordALongDelayAloneCounts) {
    LateCalls calls;

    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(calls.weigh(99 * ms, std::nullopt), FaultWeight::forgiven);

    EXPECT_EQ(calls.weigh(100 * ms, std::nullopt), FaultWeight::counted);
}

TEST(LateCallsTest, AThreadThatSleepsDoesNotWaitForAProcessor) {
    note_call_begins(coarse_now_ns());
    if (!processor_wait_ns()) GTEST_SKIP() << "this kernel does not say how long threads wait";
    LateCalls calls;
    int counted = 0;

    for (int i = 0; i < 200 && counted == 0; ++i) {
        const auto began = std::chrono::steady_clock::now();
        note_call_begins(coarse_now_ns());
        std::this_thread::sleep_for(20ms);
        const auto held = std::chrono::steady_clock::now() - began;
        counted += calls.weigh(held / 1ns, processor_wait_ns()) == FaultWeight::counted;
    }

    EXPECT_EQ(counted, 1);
}

}  // namespace
}  // namespace patchbay::plugins
