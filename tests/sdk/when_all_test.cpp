#include <patchbay/when_all.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace patchbay {
namespace {

// What goes on when it is told to, as the host's completions do.
struct Later {
    std::coroutine_handle<> waiting;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) { waiting = who; }
    void await_resume() const noexcept {}
    void complete() { std::exchange(waiting, nullptr).resume(); }
};

task<int> number(Later* later, int value) {
    if (later) co_await *later;
    if (value < 0) throw std::runtime_error(std::to_string(value));
    co_return value;
}

task<> collect(std::vector<task<int>> tasks, std::vector<int>& out) {
    out = co_await when_all(std::move(tasks));
}

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

TEST(WhenAllTest, GivesTheResultsInTheOrderOfTheTasks) {
    std::deque<Later> later(3);
    std::vector<task<int>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(number(&later[static_cast<size_t>(i)], i));
    std::vector<int> out;
    End end;
    auto all = collect(std::move(tasks), out);

    all.run(end.hear());
    later[2].complete();
    later[0].complete();
    EXPECT_FALSE(end.came);
    later[1].complete();

    EXPECT_TRUE(end.came);
    EXPECT_EQ(out, (std::vector<int>{0, 1, 2}));
}

TEST(WhenAllTest, TasksThatDoNotWaitAndNoTasksAtAllEndAtOnce) {
    for (const int count : {0, 1, 5}) {
        std::vector<task<int>> tasks;
        for (int i = 0; i < count; ++i) tasks.push_back(number(nullptr, i));
        std::vector<int> out;
        End end;
        auto all = collect(std::move(tasks), out);
        all.run(end.hear());
        EXPECT_TRUE(end.came);
        EXPECT_EQ(out.size(), static_cast<size_t>(count));
    }
}

TEST(WhenAllTest, WaitsForTheOthersWhenOneFailsAndThrowsWhatTheFirstThrew) {
    Later slow;
    std::vector<task<int>> tasks;
    tasks.push_back(number(&slow, 1));
    tasks.push_back(number(nullptr, -7));
    tasks.push_back(number(nullptr, -8));
    std::vector<int> out;
    End end;
    auto all = collect(std::move(tasks), out);

    all.run(end.hear());
    EXPECT_FALSE(end.came);
    slow.complete();

    ASSERT_TRUE(end.thrown);
    try {
        std::rethrow_exception(end.thrown);
    } catch (const std::runtime_error& thrown) {
        EXPECT_STREQ(thrown.what(), "-7");
    }
}

task<std::string> word(Later& later) {
    co_await later;
    co_return "word, and so long that it is allocated";
}

TEST(WhenAllTest, TakesTasksOfSeveralTypes) {
    Later first, second;
    int number_out = 0;
    std::string word_out;
    End end;
    const auto both = [&]() -> task<> {
        auto [a, b] = co_await when_all(number(&first, 4), word(second));
        number_out = a;
        word_out = b;
    };
    auto all = both();

    all.run(end.hear());
    second.complete();
    first.complete();

    EXPECT_TRUE(end.came);
    EXPECT_EQ(number_out, 4);
    EXPECT_EQ(word_out, "word, and so long that it is allocated");
}

TEST(WhenAllTest, OneThatWaitsCanBeLetGo) {
    Later first, second;
    std::vector<int> out;
    End end;
    {
        std::vector<task<int>> tasks;
        tasks.push_back(number(&first, 1));
        tasks.push_back(number(&second, 2));
        auto all = collect(std::move(tasks), out);
        all.run(end.hear());
        first.complete();
    }
    EXPECT_FALSE(end.came);
}

}  // namespace
}  // namespace patchbay
