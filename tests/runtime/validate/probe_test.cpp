#include "runtime/validate/probe.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace patchbay::validate {
namespace {

class ProbeTest : public ::testing::Test {
protected:
    testing::Turns turns;
    Probe probe{{}, turns};
};

TEST_F(ProbeTest, AWorkersCallRunsOnAThreadThatIsNoLane) {
    std::thread::id worker;
    bool allowed = true;
    bool on_lane = true;

    probe.call("job", Tag::worker, [&] {
        worker = std::this_thread::get_id();
        on_lane = turns.on_lane();
        allowed = probe.allows("emit", Tag::lane);
    });

    EXPECT_NE(worker, std::this_thread::get_id());
    EXPECT_FALSE(on_lane);
    EXPECT_FALSE(allowed);
    EXPECT_TRUE(turns.on_lane());
    ASSERT_EQ(probe.findings().size(), 1u);
    EXPECT_EQ(probe.findings()[0].breach, Breach::wrong_thread);
    EXPECT_EQ(probe.findings()[0].what,
              "emit() is [lane], and was called from a [worker] function (in job)");
}

TEST_F(ProbeTest, WhatMayBeAConsequenceIsFoundOnlyAlone) {
    probe.find_alone(Breach::lost_text, "first");
    probe.find_alone(Breach::lost_event, "second");

    ASSERT_EQ(probe.findings().size(), 1u);
    EXPECT_EQ(probe.findings()[0].what, "first");
}

TEST_F(ProbeTest, AnExceptionOfAWorkerIsFoundAndGoesNoFurther) {
    EXPECT_FALSE(probe.call("job", Tag::worker, [] { throw std::runtime_error("boo"); }));

    ASSERT_EQ(probe.findings().size(), 1u);
    EXPECT_EQ(probe.findings()[0].what, "job let an exception out: boo");
}

}  // namespace
}  // namespace patchbay::validate
