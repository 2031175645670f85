#include "db/id.hpp"
#include "db/event.hpp"
#include "db/records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <unordered_set>
#include <vector>

namespace patchbay {
namespace {

TEST(IdTest, MadeIdsAreVersionSevenAndRise) {
    std::vector<std::string> made;
    for (int i = 0; i < 20'000; ++i) made.push_back(RunId::make().str());

    EXPECT_TRUE(std::is_sorted(made.begin(), made.end()));
    EXPECT_EQ(std::unordered_set<std::string>(made.begin(), made.end()).size(), made.size());
    for (const std::string& id : made) {
        EXPECT_EQ(id[14], '7') << id;
        EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    }
}

TEST(IdTest, ThreadsNeverMakeTheSameId) {
    std::vector<std::vector<RunId>> made(4);
    {
        std::vector<std::jthread> threads;
        for (auto& ids : made) {
            threads.emplace_back([&ids] {
                for (int i = 0; i < 5'000; ++i) ids.push_back(RunId::make());
            });
        }
    }

    std::unordered_set<RunId> all;
    for (const auto& ids : made) all.insert(ids.begin(), ids.end());

    EXPECT_EQ(all.size(), 20'000u);
}

TEST(IdTest, TextIsParsedBackInEitherCase) {
    const std::string text = "0192d4e0-7b5a-7c3d-8e9f-0123456789ab";
    std::string upper = text;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });

    EXPECT_EQ(RunId::parse(text)->str(), text);
    EXPECT_EQ(RunId::parse(upper)->str(), text);
}

TEST(IdTest, WhatIsNoIdIsRefused) {
    for (const char* text :
         {"", "0", "0192d4e0-7b5a-7c3d-8e9f-0123456789a", "0192d4e0-7b5a-7c3d-8e9f-0123456789abc",
          "0192d4e07-b5a-7c3d-8e9f-0123456789ab", "0192d4e0-7b5a-7c3d-8e9f-0123456789ag",
          "0192d4e0 7b5a 7c3d 8e9f 0123456789ab", "------------------------------------"}) {
        EXPECT_FALSE(RunId::parse(text)) << text;
    }
}

TEST(NamesTest, AreThoseOfTheWire) {
    EXPECT_EQ(name_of(EventKind::run_queued), "run.queued");
    EXPECT_EQ(name_of(EventKind::message_completed), "message.completed");
    EXPECT_EQ(name_of(EventKind::attempt_superseded), "attempt.superseded");
    EXPECT_EQ(name_of(Channel::reasoning), "reasoning");
    EXPECT_EQ(name_of(MessageStatus::rolled_back), "rolled_back");
    EXPECT_EQ(role_named("premium"), Role::premium);
    EXPECT_FALSE(role_named("root"));
}

}  // namespace
}  // namespace patchbay
