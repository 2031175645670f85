#include "runtime/net/workers.hpp"

#include "tests/runtime/net/loopback_client.hpp"

#include <atomic>
#include <future>
#include <latch>

namespace patchbay::net {
namespace {

using testing::wait_limit;

TEST(WorkersTest, TasksRunOnSeveralThreadsAtOnce) {
    Workers workers(2, 10);
    std::latch both(2);
    std::promise<void> met;
    auto finished = met.get_future();

    ASSERT_TRUE(workers.post([&] { both.arrive_and_wait(); }));
    ASSERT_TRUE(workers.post([&] {
        both.arrive_and_wait();
        met.set_value();
    }));

    EXPECT_EQ(finished.wait_for(wait_limit), std::future_status::ready);
}

TEST(WorkersTest, AFullQueueRefusesNewWorkButTakesWhatMustGoOn) {
    Workers workers(1, 2);
    std::promise<void> started, go_on;
    auto running = started.get_future();
    std::shared_future<void> gate(go_on.get_future());
    std::atomic<int> ran{0};
    ASSERT_TRUE(workers.post([&, gate] {
        started.set_value();
        gate.wait();
    }));
    ASSERT_EQ(running.wait_for(wait_limit), std::future_status::ready);
    ASSERT_TRUE(workers.post([&] { ++ran; }));
    ASSERT_TRUE(workers.post([&] { ++ran; }));

    const bool third = workers.post([&] { ran += 100; });
    const bool anyway = workers.post_anyway([&] { ++ran; });

    EXPECT_FALSE(third);
    EXPECT_TRUE(anyway);
    go_on.set_value();
    workers.stop();
    EXPECT_EQ(ran, 3);
}

TEST(WorkersTest, StopRunsWhatIsQueuedAndRefusesTheRest) {
    Workers workers(2, 1000);
    std::atomic<int> ran{0};
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(workers.post([&] { ++ran; }));

    workers.stop();
    workers.stop();

    EXPECT_EQ(ran, 500);
    EXPECT_FALSE(workers.post([&] { ++ran; }));
    EXPECT_FALSE(workers.post_anyway([&] { ++ran; }));
    EXPECT_EQ(ran, 500);
}

}  // namespace
}  // namespace patchbay::net
