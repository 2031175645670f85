#include "plugin_under_test.hpp"

#include <patchbay/error.hpp>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::testing::ChatInput;
using patchbay::testing::FakeChat;
using namespace std::chrono_literals;

json message(const std::string& role, const std::string& text) {
    return {{"role", role}, {"content", {{{"type", "text"}, {"text", text}}}}};
}

ChatInput with(const json& messages) {
    ChatInput input;
    input.model = "demo";
    input.messages_json = messages.dump();
    return input;
}

ChatInput asking(const std::string& question) {
    return with(json::array({message("user", question)}));
}

size_t words_in(const std::string& text) {
    return text.empty() ? 0 : std::ranges::count(text, ' ') + 1;
}

class DemoTest : public PluginUnderTest {
protected:
    DemoTest() : PluginUnderTest(DEMO_PLUGIN) {}

    std::string answer_to(const ChatInput& input) { return run(open(input)).text(); }

    // The reason why open() refuses these messages; "" when it does not.
    std::string refusal_of(const json& messages) {
        const auto chat = host.open(with(messages));
        if (chat) return {};
        EXPECT_EQ(chat.error().code, ErrorCode::bad_request);
        return chat.error().message;
    }
};

TEST_F(DemoTest, AnswersWithTheQuestionAndStops) {
    ASSERT_TRUE(create());

    auto& chat = run(open(asking("What is a lane?")));

    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
    EXPECT_NE(chat.text().find("What is a lane?"), std::string::npos);
    EXPECT_EQ(words_in(chat.text()), 60u);
}

TEST_F(DemoTest, TheSameQuestionGetsTheSameAnswer) {
    ASSERT_TRUE(create());

    const auto first = answer_to(asking("Why?"));

    EXPECT_EQ(answer_to(asking("Why?")), first);
    EXPECT_NE(answer_to(asking("Why not?")), first);
    auto other_model = asking("Why?");
    other_model.model = "demo-2";
    EXPECT_NE(answer_to(other_model), first);
    EXPECT_NE(
        answer_to(with(json::array({message("system", "Be brief."), message("user", "Why?")}))),
        first);
}

TEST_F(DemoTest, AnswersGoBeyondAscii) {
    ASSERT_TRUE(create());

    const auto text = answer_to(asking("Hi"));

    EXPECT_NE(text.find("naïve café – 你好 🙂"), std::string::npos);
}

TEST_F(DemoTest, OneWordIsOneDeltaAtTheConfiguredPace) {
    ASSERT_TRUE(create(R"({"words": 5, "first_token_ms": 50, "token_delay_ms": 10.5})"));

    auto& chat = run(open(asking("Hi")));

    const auto deltas = chat.events(PATCHBAY_EVENT_DELTA);
    ASSERT_EQ(deltas.size(), 5u);
    EXPECT_EQ(deltas[0].at, 50ms);
    EXPECT_EQ(deltas[1].at, 60500us);
    EXPECT_EQ(deltas[4].at, 92ms);
}

TEST_F(DemoTest, OptionsOverrideThePace) {
    ASSERT_TRUE(create());
    auto input = asking("Hi");
    input.options_json =
        R"({"words": 7, "first_token_ms": 0, "token_delay_ms": 1, "temperature": 1})";

    auto& chat = run(open(input));

    EXPECT_EQ(words_in(chat.text()), 7u);
    EXPECT_EQ(chat.events(PATCHBAY_EVENT_DELTA).back().at, 6ms);
}

TEST_F(DemoTest, WrongOptionsAreRefused) {
    ASSERT_TRUE(create());
    for (const auto* options : {R"({"words": 0})", R"({"words": "many"})", R"({"words": 100001})",
                                R"({"token_delay_ms": -1})", "[]", "nonsense"}) {
        auto input = asking("Hi");
        input.options_json = options;

        const auto chat = host.open(input);

        ASSERT_FALSE(chat) << options;
        EXPECT_EQ(chat.error().code, ErrorCode::bad_request);
    }
}

TEST_F(DemoTest, MaxTokensCutsTheAnswer) {
    ASSERT_TRUE(create());
    auto input = asking("Hi");
    const auto whole = answer_to(input);
    input.max_tokens = 10;

    auto& chat = run(open(input));

    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_LENGTH);
    EXPECT_EQ(words_in(chat.text()), 10u);
    EXPECT_TRUE(whole.starts_with(chat.text()));
}

TEST_F(DemoTest, UsageCountsWordsExactly) {
    ASSERT_TRUE(create(R"({"words": 20})"));

    auto& chat = run(open(asking("Three short words")));

    const auto usage = chat.events(PATCHBAY_EVENT_USAGE);
    ASSERT_EQ(usage.size(), 1u);
    EXPECT_EQ(usage[0].usage->prompt_tokens, 3u);
    EXPECT_EQ(usage[0].usage->completion_tokens, 20u);
    EXPECT_EQ(usage[0].usage->estimated, 0u);
}

TEST_F(DemoTest, GoesOnAfterEveryPossiblePrefill) {
    ASSERT_TRUE(create(R"({"token_delay_ms": 0, "words": 40})"));
    auto input = asking("Hi");
    const auto whole = answer_to(input);

    for (size_t size = 0; size <= whole.size(); ++size) {
        if (!patchbay::testing::is_utf8(whole.substr(0, size))) continue;
        input.prefill = whole.substr(0, size);

        auto& chat = run(open(input));

        EXPECT_EQ(input.prefill + chat.text(), whole);
        EXPECT_EQ(chat.events(PATCHBAY_EVENT_USAGE).at(0).usage->completion_tokens, 40u);
    }
}

TEST_F(DemoTest, AForeignPrefillStartsFromTheBeginning) {
    ASSERT_TRUE(create());
    auto input = asking("Hi");
    const auto whole = answer_to(input);
    input.prefill = "Something else";

    EXPECT_EQ(answer_to(input), whole);
}

TEST_F(DemoTest, ModelsComeFromTheConfig) {
    ASSERT_TRUE(create(R"({"models": ["a", "b"], "context_window": 1000})"));

    EXPECT_EQ(json::parse(host.models()),
              json::parse(R"([{"id": "a", "context_window": 1000, "prefill": true},
                              {"id": "b", "context_window": 1000, "prefill": true}])"));
}

TEST_F(DemoTest, APausedAnswerWaits) {
    ASSERT_TRUE(create());
    auto& chat = open(asking("Hi"));
    chat.pause_after(3);

    host.advance(1h);

    EXPECT_EQ(chat.events().size(), 3u);
    EXPECT_EQ(chat.emits_while_paused(), 0u);
    chat.resume();
    EXPECT_EQ(words_in(run(chat).text()), 60u);
}

TEST_F(DemoTest, AnUnpacedAnswerComesInBatchesAndWaitsToo) {
    ASSERT_TRUE(create(R"({"token_delay_ms": 0, "first_token_ms": 0, "words": 1000})"));
    auto& chat = open(asking("Hi"));
    chat.pause_after(100);
    host.advance(1s);
    const auto before = chat.events().size();

    host.advance(1h);

    EXPECT_EQ(chat.events().size(), before);
    EXPECT_LT(before, 200u);
    chat.resume();
    EXPECT_EQ(words_in(run(chat).text()), 1000u);
    EXPECT_EQ(chat.emits_while_paused(), 0u);
}

TEST_F(DemoTest, CancelEndsItAtAnyPoint) {
    ASSERT_TRUE(create());
    for (const auto after : {0ms, 50ms, 100ms, 110ms, 500ms}) {
        auto& chat = open(asking("Hi"));
        host.advance(after);
        chat.cancel();

        run(chat);

        EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    }
}

TEST_F(DemoTest, CancelEndsAPausedAnswer) {
    ASSERT_TRUE(create());
    auto& chat = open(asking("Hi"));
    chat.pause_after(2);
    host.advance(1s);

    chat.cancel();

    EXPECT_EQ(run(chat).finish_reason(), PATCHBAY_FINISH_CANCELLED);
}

TEST_F(DemoTest, ManyAnswersComeSideBySide) {
    ASSERT_TRUE(create());
    std::vector<FakeChat*> chats;
    for (int i = 0; i < 50; ++i) chats.push_back(&open(asking("Question " + std::to_string(i))));

    for (auto* chat : chats) run(*chat);

    for (size_t i = 0; i < chats.size(); ++i)
        EXPECT_NE(chats[i]->text().find("Question " + std::to_string(i)), std::string::npos);
}

TEST_F(DemoTest, WithoutTimersItSaysSo) {
    host.hide(PATCHBAY_TIMER_1);
    ASSERT_TRUE(create());

    const auto chat = host.open(asking("Hi"));

    ASSERT_FALSE(chat);
    EXPECT_EQ(chat.error().code, ErrorCode::unsupported);
}

TEST_F(DemoTest, AConversationInOrderIsAnswered) {
    ASSERT_TRUE(create());
    const json call = {
        {"role", "assistant"},
        {"content",
         {{{"type", "tool_call"}, {"id", "1"}, {"name", "clock"}, {"arguments", json::object()}}}}};
    const json result = {{"role", "tool"},
                         {"content", {{{"type", "tool_result"}, {"id", "1"}, {"output", "noon"}}}}};
    const json image = {{"role", "user"},
                        {"content", {{{"type", "image"}, {"url", "https://example.org/a.png"}}}}};

    EXPECT_EQ(refusal_of({message("system", "Be kind."), message("system", "Be brief."),
                          message("user", "Hi"), message("assistant", "Hello"), image}),
              "");
    EXPECT_EQ(refusal_of({message("user", "Time?"), call, result, message("assistant", "Noon."),
                          message("user", "Thanks")}),
              "");
    EXPECT_EQ(refusal_of({message("user", "Time?"), call, result}), "");
}

TEST_F(DemoTest, AConversationOutOfOrderIsRefusedWithTheReason) {
    ASSERT_TRUE(create());
    const auto user = message("user", "Hi");
    const auto assistant = message("assistant", "Hello");
    const json call = {
        {"role", "assistant"},
        {"content",
         {{{"type", "tool_call"}, {"id", "1"}, {"name", "clock"}, {"arguments", json::object()}}}}};
    const json result = {{"role", "tool"},
                         {"content", {{{"type", "tool_result"}, {"id", "1"}, {"output", "noon"}}}}};

    EXPECT_EQ(refusal_of({user, user}), "message 2 is the user's, like the one before it");
    EXPECT_EQ(refusal_of({assistant, user}),
              "message 1 is the assistant's, and the user must begin");
    EXPECT_EQ(refusal_of({user, assistant, assistant, user}),
              "message 3 is the assistant's, like the one before it");
    EXPECT_EQ(refusal_of({user, assistant}), "the last message is not the user's");
    EXPECT_EQ(refusal_of(json::array()), "the last message is not the user's");
    EXPECT_EQ(refusal_of(json::array({message("user", " \n")})), "message 1 is empty");
    EXPECT_EQ(refusal_of({user, message("assistant", ""), user}), "message 2 is empty");
    EXPECT_EQ(refusal_of({user, message("system", "Now"), user}),
              "message 2 is a system message after the beginning");
    EXPECT_EQ(refusal_of({user, call, user}), "message 3 comes before the result of tool call 1");
    EXPECT_EQ(refusal_of({user, call}), "tool call 1 has no result");
    EXPECT_EQ(refusal_of({user, result}), "message 2 has a result of no open tool call");
    EXPECT_EQ(refusal_of({user, call, result, result, user}),
              "message 4 has a result of no open tool call");
    EXPECT_EQ(refusal_of(json::array({message("robot", "Hi")})), "message 1 has an unknown role");
    EXPECT_EQ(refusal_of({{{"role", "user"}, {"content", "Hi"}}}), "message 1 has no content");
    EXPECT_EQ(refusal_of({{"messages", "none"}}), "messages are no JSON array");
}

}  // namespace
