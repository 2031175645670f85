#include "runtime/net/event_loop.hpp"

#include "tests/runtime/net/loopback_client.hpp"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <future>
#include <vector>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using testing::wait_limit;

struct SocketPair {
    SocketPair() {
        int fds[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) return;
        ours = FileDescriptor(fds[0]);
        theirs = FileDescriptor(fds[1]);
    }
    FileDescriptor ours, theirs;
};

struct CallingWatcher final : Watcher {
    explicit CallingWatcher(std::function<void(uint32_t)> called) : call(std::move(called)) {}
    void on_ready(uint32_t events) override { call(events); }
    std::function<void(uint32_t)> call;
};

// Runs the loop on this thread; a test that does not stop it fails instead of hanging.
bool run(EventLoop& loop) {
    bool in_time = true;
    loop.at(Clock::now() + wait_limit, [&] {
        in_time = false;
        loop.stop();
    });
    loop.run();
    return in_time;
}

TEST(EventLoopTest, TasksRunInTheOrderTheyWerePosted) {
    EventLoop loop;
    std::vector<int> ran;
    for (int i = 0; i < 100; ++i) loop.post([&ran, i] { ran.push_back(i); });
    loop.post([&] { loop.stop(); });

    ASSERT_TRUE(run(loop));

    ASSERT_EQ(ran.size(), 100u);
    EXPECT_TRUE(std::ranges::is_sorted(ran));
}

TEST(EventLoopTest, AfterADelayAllThatIsReadyComesBeforeOverdueTimers) {
    EventLoop loop;
    std::vector<SocketPair> pairs(300);  // more than one look at the kernel shows
    int ready = 0;
    std::vector<std::unique_ptr<CallingWatcher>> watchers;
    for (const SocketPair& pair : pairs) {
        const int fd = pair.ours.get();
        watchers.push_back(std::make_unique<CallingWatcher>([&loop, &ready, fd](uint32_t) {
            ++ready;
            loop.unwatch(fd);
        }));
        loop.watch(fd, EPOLLIN, *watchers.back());
        ASSERT_EQ(::write(pair.theirs.get(), "x", 1), 1);
    }
    int ready_before_timer = 0;
    loop.at(Clock::now() - 1s, [&] {
        ready_before_timer = ready;
        loop.stop();
    });

    ASSERT_TRUE(run(loop));

    EXPECT_EQ(ready_before_timer, 300);
}

TEST(EventLoopTest, ATaskFromAnotherThreadWakesASleepingLoop) {
    EventLoop loop;
    std::promise<bool> ran;
    auto in_loop_thread = ran.get_future();
    std::jthread thread([&] { loop.run(); });
    ASSERT_FALSE(loop.in_loop_thread());

    for (int i = 0; i < 1000; ++i) {
        std::promise<void> done;
        auto finished = done.get_future();
        loop.post([&] { done.set_value(); });
        ASSERT_EQ(finished.wait_for(wait_limit), std::future_status::ready);
    }
    loop.post([&] { ran.set_value(loop.in_loop_thread()); });

    EXPECT_TRUE(in_loop_thread.get());
    loop.stop();
}

TEST(EventLoopTest, ManyThreadsMayPostAtOnce) {
    EventLoop loop;
    int ran = 0;
    constexpr int each = 5000;
    std::jthread thread([&] { loop.run(); });

    {
        std::vector<std::jthread> posters;
        for (int t = 0; t < 4; ++t)
            posters.emplace_back([&] {
                for (int i = 0; i < each; ++i) loop.post([&ran] { ++ran; });
            });
    }
    loop.post([&] { loop.stop(); });
    thread.join();

    EXPECT_EQ(ran, 4 * each);
}

TEST(EventLoopTest, WhatIsPostedBeforeStopRunsOnceMoreAndLaterTasksAreDropped) {
    EventLoop loop;
    int ran = 0;
    auto held = std::make_shared<int>(0);
    loop.post([&] {
        loop.stop();
        loop.post([&] {
            ++ran;
            loop.post([&ran, held] { ran += 100; });
        });
    });

    ASSERT_TRUE(run(loop));
    loop.post([&ran, held] { ran += 100; });

    EXPECT_EQ(ran, 1);
    EXPECT_EQ(held.use_count(), 1);  // the dropped tasks hold nothing any more
}

TEST(EventLoopTest, TimersFireInOrderOfTheirTimeAndThenOfTheirAge) {
    EventLoop loop;
    std::vector<int> fired;
    const auto start = Clock::now();
    loop.at(start + 20ms, [&] { loop.stop(); });
    loop.at(start + 10ms, [&] { fired.push_back(3); });
    loop.at(start + 5ms, [&] { fired.push_back(1); });
    loop.at(start + 5ms, [&] { fired.push_back(2); });

    ASSERT_TRUE(run(loop));

    EXPECT_EQ(fired, (std::vector{1, 2, 3}));
    EXPECT_GE(Clock::now(), start + 20ms);
}

TEST(EventLoopTest, ATimerIsNeverEarlyAndSoonAfterItsTime) {
    EventLoop loop;
    auto least = Clock::duration::max();
    int left = 50;
    std::function<void(Clock::time_point)> next = [&](Clock::time_point due) {
        loop.at(due, [&, due] {
            EXPECT_GE(Clock::now(), due);
            least = std::min(least, Clock::now() - due);
            if (--left == 0) return loop.stop();
            next(Clock::now() + 700us);
        });
    };
    next(Clock::now() + 700us);

    ASSERT_TRUE(run(loop));

    EXPECT_LT(least, 1ms);  // of 50, one at least was not rounded up to a whole millisecond
}

TEST(EventLoopTest, ACancelledTimerGivesUpItsTaskAtOnce) {
    EventLoop loop;
    auto held = std::make_shared<int>(0);
    const TimerId timer = loop.after(1ms, [held] { FAIL() << "was cancelled"; });

    loop.cancel(timer);
    loop.cancel(timer);
    loop.cancel(0);

    EXPECT_EQ(held.use_count(), 1);
    loop.after(5ms, [&] { loop.stop(); });
    EXPECT_TRUE(run(loop));
}

TEST(EventLoopTest, AnOldIdDoesNotCancelTheTimerThatTookItsPlace) {
    EventLoop loop;
    const TimerId old = loop.after(1ms, [] { FAIL() << "was cancelled"; });
    loop.cancel(old);
    bool fired = false;
    loop.after(1ms, [&] {
        fired = true;
        loop.stop();
    });

    loop.cancel(old);

    EXPECT_TRUE(run(loop));
    EXPECT_TRUE(fired);
}

TEST(EventLoopTest, ATaskMayCancelATimerThatIsDueInTheSameTurn) {
    EventLoop loop;
    TimerId second = 0;
    const auto due = Clock::now();
    loop.at(due, [&] { loop.cancel(second); });
    second = loop.at(due, [] { FAIL() << "was cancelled"; });
    loop.at(due, [&] { loop.stop(); });

    EXPECT_TRUE(run(loop));
}

TEST(EventLoopTest, ManyCancelledTimersLeaveTheOthersAlone) {
    EventLoop loop;
    int fired = 0;
    for (int i = 0; i < 10000; ++i) {
        const TimerId timer = loop.after(1h, [] { FAIL() << "was cancelled"; });
        if (i % 100 == 0) loop.after(1ms, [&] { ++fired; });
        loop.cancel(timer);
    }
    loop.after(5ms, [&] { loop.stop(); });

    ASSERT_TRUE(run(loop));

    EXPECT_EQ(fired, 100);
}

TEST(EventLoopTest, ATimerThatRearmsItselfAtOnceDoesNotKeepTheLoopFromItsSockets) {
    EventLoop loop;
    SocketPair pair;
    std::function<void()> again = [&] { loop.after(0ms, [&] { again(); }); };
    again();
    CallingWatcher watcher([&](uint32_t) { loop.stop(); });
    loop.watch(pair.ours.get(), EPOLLIN, watcher);
    ASSERT_EQ(::write(pair.theirs.get(), "x", 1), 1);

    EXPECT_TRUE(run(loop));
    loop.unwatch(pair.ours.get());
}

TEST(EventLoopTest, AnEventFetchedForAnUnwatchedDescriptorIsDropped) {
    EventLoop loop;
    SocketPair first, second;
    int calls = 0;
    CallingWatcher one([&](uint32_t) { ++calls; });
    CallingWatcher other([&](uint32_t) { ++calls; });
    // Whichever comes first unwatches both; the other's event is in the same turn's list.
    one.call = other.call = [&](uint32_t) {
        ++calls;
        loop.unwatch(first.ours.get());
        loop.unwatch(second.ours.get());
        loop.after(5ms, [&] { loop.stop(); });
    };
    loop.watch(first.ours.get(), EPOLLIN, one);
    loop.watch(second.ours.get(), EPOLLIN, other);
    ASSERT_EQ(::write(first.theirs.get(), "x", 1), 1);
    ASSERT_EQ(::write(second.theirs.get(), "x", 1), 1);

    ASSERT_TRUE(run(loop));

    EXPECT_EQ(calls, 1);
}

TEST(EventLoopTest, AnEventFetchedForAFormerOwnerDoesNotReachTheNewOne) {
    EventLoop loop;
    SocketPair first, second;
    int new_owner_calls = 0, turn_calls = 0;
    CallingWatcher new_owner([&](uint32_t) { ++new_owner_calls; });
    CallingWatcher one([](uint32_t) {}), other([](uint32_t) {});
    one.call = other.call = [&](uint32_t) {
        if (++turn_calls > 1) return;
        for (const int fd : {first.ours.get(), second.ours.get()}) {
            loop.unwatch(fd);
            loop.watch(fd, EPOLLOUT, new_owner);  // it does not ask for EPOLLIN
            loop.rewatch(fd, 0);
        }
        loop.after(5ms, [&] { loop.stop(); });
    };
    loop.watch(first.ours.get(), EPOLLIN, one);
    loop.watch(second.ours.get(), EPOLLIN, other);
    ASSERT_EQ(::write(first.theirs.get(), "x", 1), 1);
    ASSERT_EQ(::write(second.theirs.get(), "x", 1), 1);

    ASSERT_TRUE(run(loop));

    EXPECT_EQ(turn_calls, 1);
    EXPECT_EQ(new_owner_calls, 0);
}

TEST(EventLoopTest, ADescriptorThatCannotBeWatchedIsReportedAsBroken) {
    EventLoop loop;
    FileDescriptor file(::memfd_create("plain", 0));  // epoll takes no plain files
    uint32_t seen = 0;
    CallingWatcher watcher([&](uint32_t events) {
        seen = events;
        loop.stop();
    });

    loop.watch(file.get(), EPOLLIN, watcher);

    EXPECT_EQ(seen, 0u);
    ASSERT_TRUE(run(loop));
    EXPECT_TRUE(seen & EPOLLERR);
    loop.unwatch(file.get());
}

TEST(EventLoopTest, InOneTurnDescriptorsComeBeforeTimersBeforeTasksBeforeHooks) {
    EventLoop loop;
    SocketPair pair;
    std::string order;
    CallingWatcher watcher([&](uint32_t) {
        order += 'd';
        loop.unwatch(pair.ours.get());
    });
    loop.watch(pair.ours.get(), EPOLLIN, watcher);
    ASSERT_EQ(::write(pair.theirs.get(), "x", 1), 1);
    loop.at(Clock::now(), [&] { order += 't'; });
    loop.post([&] { order += 'p'; });
    loop.after_each_turn([&] {
        order += 'h';
        loop.stop();
    });

    ASSERT_TRUE(run(loop));

    EXPECT_EQ(order.substr(0, 4), "dtph");
}

TEST(EventLoopTest, ALoopWithPendingTimersAndTasksCanBeDestroyed) {
    auto held = std::make_shared<int>(0);
    {
        EventLoop loop;
        loop.after(1h, [held] {});
        loop.post([held] {});
    }

    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace patchbay::net
