// The agents chat, summarize and delegate against the fake host.
#include "plugin_under_test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using namespace std::chrono_literals;

class ChatTest : public PluginUnderTest {
protected:
    ChatTest() : PluginUnderTest(CHAT_PLUGIN) {}
    void SetUp() override { ASSERT_TRUE(create()); }
};

TEST_F(ChatTest, AsksTheRunsModelWithTheConversationSoFarAndPassesItsAnswerOn) {
    host.children().answer({.chunks = {"Hel", "lo"}, .reason = PATCHBAY_FINISH_LENGTH});

    auto& answer = ask();

    EXPECT_EQ(answer.text(), "Hello");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_LENGTH);
    const auto& asked = host.children().asked().at(0);
    EXPECT_EQ(asked.model, "");
    EXPECT_EQ(asked.messages_json, "");
    EXPECT_EQ(asked.tools_json, "");
    EXPECT_EQ(asked.flags, PATCHBAY_CHAT_FORWARD);
}

TEST_F(ChatTest, FailsAsTheModelDid) {
    host.children().answer(
        {.failure = patchbay::Error{.code = ErrorCode::context_length, .message = "too long"}});

    auto& answer = ask();

    ASSERT_TRUE(answer.error());
    EXPECT_EQ(answer.error()->code, ErrorCode::context_length);
}

TEST_F(ChatTest, ACancelEndsTheModelToo) {
    host.children().answer({.chunks = {"a", "b"}, .delay = 1h});
    auto& answer = **host.open(patchbay::testing::AgentInput());

    answer.cancel();
    run(answer);

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_TRUE(host.children().asked().at(0).cancelled);
}

class SummarizeTest : public PluginUnderTest {
protected:
    SummarizeTest() : PluginUnderTest(SUMMARIZE_PLUGIN) {}
    void SetUp() override { ASSERT_TRUE(create()); }

    std::string prompt(size_t at) {
        return json::parse(host.children().asked().at(at).messages_json)[0]["content"][0]["text"];
    }
};

TEST_F(SummarizeTest, AsksForTheFactsAndThenForASentenceOfThem) {
    host.children().answer({.chunks = {"fact one, ", "fact two"}});
    host.children().answer({.chunks = {"One sentence."}});

    auto& answer = ask({.method = "summarize", .input_json = R"({"text":"A long story"})"});

    EXPECT_EQ(answer.text(), "One sentence.");
    EXPECT_EQ(prompt(0), "List the facts in: A long story");
    EXPECT_EQ(prompt(1), "One sentence from: fact one, fact two");
}

TEST_F(SummarizeTest, TakesAMessageOfAConversationToo) {
    host.children().answer({.chunks = {"f"}});
    host.children().answer({.chunks = {"s"}});

    ask();

    EXPECT_EQ(prompt(0), "List the facts in: Hello");
    const auto methods = json::parse(host.methods());
    EXPECT_EQ(methods.at(0).at("name"), "chat");
    EXPECT_EQ(methods.at(1).at("name"), "summarize");
}

TEST_F(SummarizeTest, WithoutFactsThereIsNoSentence) {
    auto& answer = ask();

    EXPECT_EQ(answer.error()->code, ErrorCode::upstream);
    EXPECT_EQ(host.children().asked().size(), 1u);
}

class DelegateTest : public PluginUnderTest {
protected:
    DelegateTest() : PluginUnderTest(DELEGATE_PLUGIN) {}
};

TEST_F(DelegateTest, HandsItsInputToItsChildAndPassesTheAnswerOn) {
    ASSERT_TRUE(create(R"({"agent":"expert","status":"asking the expert"})"));
    host.children().answer("expert", {.chunks = {"42"}, .reason = PATCHBAY_FINISH_REFUSAL});

    auto& answer = ask({.input_json = R"({"content":[{"type":"text","text":"?"}]})"});

    EXPECT_EQ(answer.text(), "42");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_REFUSAL);
    EXPECT_EQ(answer.events(PATCHBAY_EVENT_STATUS).at(0).text, "asking the expert");
    const auto& asked = host.children().asked().at(0);
    EXPECT_EQ(asked.method, "chat");
    EXPECT_EQ(asked.input_json, R"({"content":[{"type":"text","text":"?"}]})");
}

TEST_F(DelegateTest, CallsTheMethodThatItsConfigNames) {
    ASSERT_TRUE(create(R"({"agent":"expert","method":"summarize"})"));
    host.children().answer("expert", {.chunks = {"short"}});

    auto& answer = ask({.method = "x", .input_json = R"({"text":"long"})"});

    EXPECT_EQ(answer.text(), "short");
    EXPECT_EQ(host.children().asked().at(0).method, "summarize");
    EXPECT_TRUE(answer.events(PATCHBAY_EVENT_STATUS).empty());
}

TEST_F(DelegateTest, AChildThatCannotBeAskedFailsTheRun) {
    ASSERT_TRUE(create(R"({"agent":"delegate"})"));
    host.children().refuse(ErrorCode::limit);

    auto& answer = ask();

    ASSERT_TRUE(answer.error());
    EXPECT_EQ(answer.error()->code, ErrorCode::limit);
}

}  // namespace
