#include <patchbay/task.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace patchbay {
namespace {

// What goes on when it is told to, as the host's completions do.
struct Later {
    struct Wait {
        Later& later;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) { later.waiting = waiting; }
        int await_resume() const noexcept { return later.value; }
    };
    Wait operator co_await() { return {*this}; }
    void complete(int with) {
        value = with;
        std::exchange(waiting, nullptr).resume();
    }

    std::coroutine_handle<> waiting;
    int value = 0;
};

struct End {
    bool came = false;
    std::exception_ptr thrown;
    auto hear() {
        return [this](std::exception_ptr why) {
            came = true;
            thrown = std::move(why);
        };
    }
};

task<int> twice(Later& later) { co_return 2 * co_await later; }

task<> sum(Later& first, Later& second, int& out) {
    out = co_await twice(first);
    out += co_await twice(second);
}

task<std::string> failing() {
    throw std::runtime_error("no");
    co_return "";
}

TEST(TaskTest, GoesOnWhereWhatItAwaitedHasCompleted) {
    Later first, second;
    int out = 0;
    End end;
    auto task = sum(first, second, out);

    task.run(end.hear());
    EXPECT_FALSE(end.came);
    first.complete(3);
    EXPECT_EQ(out, 6);
    second.complete(5);

    EXPECT_EQ(out, 16);
    EXPECT_TRUE(end.came);
    EXPECT_FALSE(end.thrown);
}

TEST(TaskTest, DoesNothingUntilItIsStarted) {
    bool began = false;
    const auto note = [&]() -> task<> {
        began = true;
        co_return;
    };

    auto task = note();
    EXPECT_FALSE(began);
    End end;
    task.run(end.hear());

    EXPECT_TRUE(began);
    EXPECT_TRUE(end.came);
}

TEST(TaskTest, WhatIsThrownComesOutWhereItIsAwaitedAndAtTheEnd) {
    std::vector<std::string> said;
    const auto catching = [&]() -> task<> {
        try {
            co_await failing();
        } catch (const std::exception& thrown) {
            said.emplace_back(thrown.what());
        }
        co_await failing();
        said.emplace_back("never");
    };
    End end;
    auto task = catching();

    task.run(end.hear());

    ASSERT_TRUE(end.thrown);
    EXPECT_THROW(std::rethrow_exception(end.thrown), std::runtime_error);
    EXPECT_EQ(said, std::vector<std::string>{"no"});
}

TEST(TaskTest, OneThatWaitsCanBeLetGo) {
    Later first, second;
    int out = 0;
    End end;
    {
        auto task = sum(first, second, out);
        task.run(end.hear());
        first.complete(1);
    }
    EXPECT_EQ(out, 2);
    EXPECT_FALSE(end.came);
}

TEST(TaskTest, ManyThatEndAtOnceNeedNoMoreStack) {
    const auto one = []() -> task<int> { co_return 1; };
    int sum = 0;
    const auto add = [&]() -> task<> {
        for (int i = 0; i < 1'000'000; ++i) sum += co_await one();
    };
    End end;
    auto task = add();

    task.run(end.hear());

    EXPECT_TRUE(end.came);
    EXPECT_EQ(sum, 1'000'000);
}

TEST(TaskTest, AnEmptyOneOrOneThatWasAwaitedBeforeThrows) {
    Later later;
    std::vector<std::string> said;
    const auto awaits = [&]() -> task<> {
        auto moved = twice(later);
        auto kept = std::move(moved);
        try {
            co_await moved;
        } catch (const std::logic_error& error) {
            said.emplace_back(error.what());
        }
        EXPECT_EQ(co_await kept, 6);
        co_await kept;
    };
    End end;
    auto task = awaits();

    task.run(end.hear());
    later.complete(3);

    ASSERT_TRUE(end.thrown);
    EXPECT_THROW(std::rethrow_exception(end.thrown), std::logic_error);
    EXPECT_EQ(said, std::vector<std::string>{"a task that is empty, or was awaited before"});
    End other;
    patchbay::task<>().run(other.hear());
    EXPECT_TRUE(other.thrown);
}

task<std::string> nothing() { co_return {}; }

TEST(TaskTest, BracesMayBeReturned) {
    std::string got = "something";
    auto work = [&]() -> task<> { got = co_await nothing(); };
    auto running = work();
    running.run([](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });

    EXPECT_EQ(got, "");
}

}  // namespace
}  // namespace patchbay
