#include "runtime/net/lane.hpp"

#include "runtime/net/http_client.hpp"
#include "runtime/net/resolver.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

class LaneTest : public ::testing::Test {
protected:
    Resolver resolver;
    std::latch held{1};
    std::latch gate{1};
};

// What a plugin may have in its thread-local objects.
struct SlowToGo {
    std::latch* gate = nullptr;
    ~SlowToGo() {
        if (gate) gate->wait();
    }
};

TEST_F(LaneTest, OneThatIsHeldIsLeftBehind) {
    Lane lane(0, resolver);
    lane.start();
    lane.post([this] {
        held.count_down();
        gate.wait();
    });
    held.wait();

    EXPECT_FALSE(lane.stop_within(1ms));

    gate.count_down();
    EXPECT_TRUE(lane.stop_within(1h));
}

TEST_F(LaneTest, OneWhoseThreadIsHeldInItsVeryEndIsLeftBehind) {
    Lane lane(0, resolver);
    lane.start();
    lane.post([this] {
        thread_local SlowToGo slow;
        slow.gate = &gate;
        held.count_down();
    });
    held.wait();

    EXPECT_FALSE(lane.stop_within(100ms));

    gate.count_down();
    EXPECT_TRUE(lane.stop_within(1h));
}

}  // namespace
}  // namespace patchbay::net
