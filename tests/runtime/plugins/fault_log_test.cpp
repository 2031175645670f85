#include "runtime/plugins/fault_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<FaultLimit> limit_of(uint32_t count, std::chrono::milliseconds window) {
    auto limit = std::make_shared<FaultLimit>();
    limit->count = count;
    limit->window = window;
    return limit;
}

TEST(FaultLogTest, OneFaultTooManyIsToldOnceAndTheVerdictNamesIt) {
    FaultLog log(limit_of(3, 60s));

    EXPECT_FALSE(log.add("first", FaultWeight::counted));
    EXPECT_FALSE(log.add("second", FaultWeight::counted));
    EXPECT_FALSE(log.is_over());
    EXPECT_TRUE(log.add("third", FaultWeight::counted));
    EXPECT_FALSE(log.add("fourth", FaultWeight::counted));

    EXPECT_TRUE(log.is_over());
    EXPECT_EQ(log.report().verdict, "turned off after 3 faults in 60 s; the last: third");
    EXPECT_EQ(log.report().total, 4u);
}

TEST(FaultLogTest, TenInAMinuteAreTheDefault) {
    FaultLog log(nullptr);

    for (int i = 0; i < 9; ++i) log.add("again", FaultWeight::counted);
    EXPECT_FALSE(log.is_over());
    log.add("again", FaultWeight::counted);

    EXPECT_TRUE(log.is_over());
}

TEST(FaultLogTest, ForgivenFaultsAreShownAndNotCounted) {
    FaultLog log(limit_of(2, 60s));

    for (int i = 0; i < 100; ++i) log.add("slow", FaultWeight::forgiven);
    log.add("wrong", FaultWeight::counted);

    EXPECT_FALSE(log.is_over());
    EXPECT_EQ(log.report().total, 101u);
    EXPECT_EQ(log.report().kinds.size(), 2u);
}

TEST(FaultLogTest, FaultsOlderThanTheWindowDoNotCount) {
    const auto limit = limit_of(2, 0ms);
    FaultLog log(limit);

    for (int i = 0; i < 3; ++i) {
        const auto before = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() <= before + 1us) continue;
        log.add("rare", FaultWeight::counted);
    }
    EXPECT_FALSE(log.is_over());

    limit->window = 1h;
    log.add("often", FaultWeight::counted);
    EXPECT_TRUE(log.is_over()) << "a changed limit holds at once";
}

TEST(FaultLogTest, LimitOfNoneIsNeverExceeded) {
    FaultLog log(limit_of(0, 60s));

    for (int i = 0; i < 1000; ++i) log.add("again", FaultWeight::counted);

    EXPECT_FALSE(log.is_over());
}

TEST(FaultLogTest, TextsThatDifferInNumbersAreOneKind) {
    FaultLog log(nullptr);

    log.add("open held its lane for 210 ms", FaultWeight::forgiven);
    log.add("open held its lane for 9 ms", FaultWeight::forgiven);

    const auto kinds = log.report().kinds;
    ASSERT_EQ(kinds.size(), 1u);
    EXPECT_EQ(kinds[0].text, "open held its lane for N ms");
    EXPECT_EQ(kinds[0].count, 2u);
}

TEST(FaultLogTest, KindsAndTextsAreBounded) {
    FaultLog log(nullptr);

    for (char letter = 'a'; letter <= 'z'; ++letter)
        log.add(std::string(1, letter), FaultWeight::forgiven);

    const auto report = log.report();
    ASSERT_EQ(report.kinds.size(), 17u);
    EXPECT_EQ(report.kinds.back().text, "others");
    EXPECT_EQ(report.kinds.back().count, 10u);
    ASSERT_EQ(report.newest.size(), 8u);
    EXPECT_EQ(report.newest.front().text, "z");
    EXPECT_EQ(report.newest.back().text, "s");
}

TEST(FaultLogTest, ThreadsMayAddAtOnceAndOneOfThemHearsTheVerdict) {
    FaultLog log(limit_of(50, 1h));
    std::atomic<int> told{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int j = 0; j < 100; ++j) told += log.add("x", FaultWeight::counted) ? 1 : 0;
            });
    }

    EXPECT_EQ(told, 1);
    EXPECT_EQ(log.total(), 400u);
}

}  // namespace
}  // namespace patchbay::plugins
