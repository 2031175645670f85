#include "runtime/engine/context.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

using nlohmann::json;

constexpr uint64_t wide = 100000;  // tokens: everything fits

std::string text_content(const std::string& text) {
    return json::array({{{"type", "text"}, {"text", text}}}).dump();
}

MessageRecord message(uint32_t turn, const std::string& role, const std::string& content_json) {
    return {.turn = turn, .role = role, .content_json = content_json};
}

json messages(const std::vector<MessageRecord>& history, const std::string& text,
              uint64_t window = wide) {
    return json::parse(build_messages(history, text_content(text), window));
}

std::vector<std::string> roles(const json& list) {
    std::vector<std::string> found;
    for (const auto& entry : list) found.push_back(entry["role"]);
    return found;
}

TEST(ContextTest, TheNewMessageStandsBehindTheHistory) {
    const auto list = messages(
        {message(1, "user", text_content("one")), message(1, "assistant", text_content("answer"))},
        "two");

    EXPECT_EQ(roles(list), (std::vector<std::string>{"user", "assistant", "user"}));
    EXPECT_EQ(list.back()["content"][0]["text"], "two");
}

TEST(ContextTest, OldTurnsGoFirstAndWholeWhenTheWindowIsSmall) {
    const std::string long_text(400, 'x');  // about 100 tokens
    const auto list = messages(
        {message(1, "user", text_content("oldest " + long_text)),
         message(1, "assistant", text_content(long_text)),
         message(2, "user", text_content("newer")), message(2, "assistant", text_content("short"))},
        "now", 60);

    EXPECT_EQ(roles(list), (std::vector<std::string>{"user", "assistant", "user"}));
    EXPECT_EQ(list[0]["content"][0]["text"], "newer");
}

TEST(ContextTest, AMessageLargerThanTheWindowIsStillSent) {
    const auto list =
        messages({message(1, "user", text_content("before"))}, std::string(4000, 'x'), 10);

    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["content"].size(), 1u);
}

TEST(ContextTest, NeighboursOfOneRoleBecomeOneMessage) {
    const auto list =
        messages({message(1, "user", text_content("lost question")), message(1, "assistant", "[]")},
                 "next question");

    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["content"].size(), 2u);
}

TEST(ContextTest, RolledBackMessagesAreLeftOut) {
    auto question = message(1, "user", text_content("never mind"));
    question.status = MessageStatus::rolled_back;

    const auto list = messages({question}, "again");

    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["content"][0]["text"], "again");
}

TEST(ContextTest, AnOrphanedToolCallGetsAnErrorResult) {
    const auto call = json::array(
        {{{"type", "tool_call"}, {"id", "c1"}, {"name", "clock"}, {"arguments", json::object()}}});

    const auto list =
        messages({message(1, "user", text_content("time?")), message(1, "assistant", call.dump())},
                 "hello?");

    EXPECT_EQ(roles(list), (std::vector<std::string>{"user", "assistant", "tool", "user"}));
    EXPECT_EQ(list[2]["content"][0]["id"], "c1");
    EXPECT_TRUE(list[2]["content"][0].contains("error"));
}

json call_part(const std::string& id) {
    return {{"type", "tool_call"}, {"id", id}, {"name", "clock"}, {"arguments", json::object()}};
}

json result_part(const std::string& id) {
    return {{"type", "tool_result"}, {"id", id}, {"output", id + " done"}};
}

json text_part(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

std::vector<std::string> ids(const json& message) {
    std::vector<std::string> found;
    for (const auto& part : message["content"]) found.push_back(part.value("id", ""));
    return found;
}

TEST(ContextTest, AnAnswerWithToolCallsBecomesTheRoundsThatItWasMadeOf) {
    const auto answer =
        json::array({text_part("let me look"), call_part("a"), call_part("b"), result_part("b"),
                     result_part("a"), call_part("c"), result_part("c"), text_part("it is five")});

    const auto list = messages(
        {message(1, "user", text_content("time?")), message(1, "assistant", answer.dump())}, "ok");

    EXPECT_EQ(roles(list), (std::vector<std::string>{"user", "assistant", "tool", "assistant",
                                                     "tool", "assistant", "user"}));
    EXPECT_EQ(ids(list[2]), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(ids(list[4]), (std::vector<std::string>{"c"}));
    EXPECT_EQ(list[5]["content"][0]["text"], "it is five");
}

TEST(ContextTest, WhatThisRunHasDoneStandsBehindTheMessageThatItAnswers) {
    const auto done = json::array({call_part("a"), result_part("a")});

    const auto list = json::parse(build_messages({}, text_content("time?"), wide, done.dump()));

    EXPECT_EQ(roles(list), (std::vector<std::string>{"user", "assistant", "tool"}));
}

TEST(ContextTest, AResultThatTheUserSendsStaysInTheUsersMessage) {
    const auto call = json::array({call_part("a")});
    const auto result = json::array({result_part("a")});

    const auto list = json::parse(build_messages(
        {message(1, "user", text_content("time?")), message(1, "assistant", call.dump())},
        result.dump(), wide));

    EXPECT_EQ(roles(list), (std::vector<std::string>{"user", "assistant", "user"}));
    EXPECT_EQ(ids(list[2]), (std::vector<std::string>{"a"}));
}

}  // namespace
}  // namespace patchbay::engine
