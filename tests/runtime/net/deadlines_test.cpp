#include "runtime/net/deadlines.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

TEST(DeadlinesTest, TasksRunInTheOrderOfTheirTimes) {
    std::vector<int> order;
    std::promise<void> last;
    Deadlines deadlines;

    deadlines.after(40ms, [&] {
        order.push_back(3);
        last.set_value();
    });
    deadlines.after(20ms, [&] { order.push_back(2); });
    deadlines.after(0ms, [&] { order.push_back(1); });

    ASSERT_EQ(last.get_future().wait_for(20s), std::future_status::ready);
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(DeadlinesTest, OneThatIsCancelledIsDestroyedUnrun) {
    auto held = std::make_shared<int>();
    const std::weak_ptr<int> left = held;
    Deadlines deadlines;
    const auto id = deadlines.after(1h, [held = std::move(held)] { FAIL(); });

    EXPECT_TRUE(deadlines.cancel(id));

    EXPECT_TRUE(left.expired());
    EXPECT_FALSE(deadlines.cancel(id));
}

TEST(DeadlinesTest, OneThatHasRunCannotBeCancelled) {
    std::latch ran(1);
    Deadlines deadlines;
    const auto id = deadlines.after(0ms, [&] { ran.count_down(); });

    ran.wait();

    EXPECT_FALSE(deadlines.cancel(id));
}

TEST(DeadlinesTest, StopDropsWhatWaits) {
    auto held = std::make_shared<int>();
    const std::weak_ptr<int> left = held;
    Deadlines deadlines;
    deadlines.after(1h, [held = std::move(held)] { FAIL(); });

    deadlines.stop();
    deadlines.after(0ms, [] { FAIL(); });

    EXPECT_TRUE(left.expired());
}

TEST(DeadlinesTest, ManyThreadsAreEachAnsweredOnce) {
    std::atomic<int> answers{0};
    Deadlines deadlines;
    std::vector<std::jthread> threads;

    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; ++i) {
                const auto id =
                    deadlines.after(std::chrono::microseconds(i % 50), [&] { ++answers; });
                if (i % 2 == 0 && deadlines.cancel(id)) ++answers;
            }
        });
    }
    threads.clear();

    const auto end = Clock::now() + 20s;
    while (answers < 8000 && Clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(answers, 8000);
}

}  // namespace
}  // namespace patchbay::net
