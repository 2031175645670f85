// What the plugin makes of a 200.
#include "openai_test.hpp"

#include <patchbay/error.hpp>

namespace {

using nlohmann::json;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::testing::HttpAnswer;
using namespace std::chrono_literals;

const std::string stop = R"("stop")";

class OpenAiStreamTest : public OpenAiTest {};

TEST_F(OpenAiStreamTest, DeltasUsageAndTheReasonArrive) {
    auto& chat =
        answered_with({delta(R"("role":"assistant","content":"")"), content("Hel"),
                       content("lo 🙂"), delta("", stop),
                       R"({"id":"c1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,
             "prompt_tokens_details":{"cached_tokens":4},
             "completion_tokens_details":{"reasoning_tokens":3}}})",
                       "[DONE]"});

    EXPECT_EQ(chat.text(), "Hello 🙂");
    EXPECT_EQ(chat.events(PATCHBAY_EVENT_DELTA).size(), 2u);
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
    const auto usage = chat.events(PATCHBAY_EVENT_USAGE);
    ASSERT_EQ(usage.size(), 1u);
    EXPECT_EQ(usage[0].usage->prompt_tokens, 12u);
    EXPECT_EQ(usage[0].usage->completion_tokens, 5u);
    EXPECT_EQ(usage[0].usage->cached_tokens, 4u);
    EXPECT_EQ(usage[0].usage->reasoning_tokens, 3u);
    EXPECT_EQ(usage[0].usage->estimated, 0u);
}

TEST_F(OpenAiStreamTest, ChunksMayBeCutAnywhere) {
    std::string body;
    for (const auto& chunk :
         events({content("naïve "), content("你好 "), content("🙂"), delta("", stop), "[DONE]"}))
        body += chunk.bytes;
    HttpAnswer answer;
    for (const char c : body) answer.chunks.emplace_back(std::string(1, c));

    auto& chat = answered(std::move(answer));

    EXPECT_EQ(chat.text(), "naïve 你好 🙂");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(OpenAiStreamTest, EachDeltaIsPassedOnWhenItComes) {
    HttpAnswer answer;
    answer.chunks.emplace_back("data: " + content("one") + "\n\n", 100ms);
    answer.chunks.emplace_back("data: " + content("two") + "\n\n", 100ms);
    answer.chunks.emplace_back("data: " + delta("", stop) + "\n\ndata: [DONE]\n\n", 100ms);

    auto& chat = answered(std::move(answer));

    ASSERT_EQ(chat.events().size(), 2u);
    EXPECT_EQ(chat.events()[0].at, 100ms);
    EXPECT_EQ(chat.events()[1].at, 200ms);
}

TEST_F(OpenAiStreamTest, BothSpellingsOfReasoningGoToTheirChannel) {
    auto& chat = answered_with({delta(R"("reasoning_content":"First ")"),
                                delta(R"("reasoning":"second","content":null)"), content("Yes"),
                                delta("", stop), "[DONE]"});

    EXPECT_EQ(chat.text(PATCHBAY_CHANNEL_REASONING), "First second");
    EXPECT_EQ(chat.text(), "Yes");
}

TEST_F(OpenAiStreamTest, FinishReasonsAreMapped) {
    const std::vector<std::pair<std::string, uint32_t>> reasons = {
        {"stop", PATCHBAY_FINISH_STOP},
        {"length", PATCHBAY_FINISH_LENGTH},
        {"content_filter", PATCHBAY_FINISH_CONTENT_FILTER},
        {"eos", PATCHBAY_FINISH_STOP}};
    for (const auto& [name, expected] : reasons) {
        auto& chat = answered_with({content("x"), delta("", '"' + name + '"'), "[DONE]"});

        EXPECT_EQ(chat.finish_reason(), expected) << name;
    }
}

TEST_F(OpenAiStreamTest, ARefusalIsOne) {
    auto& chat = answered_with({delta(R"("refusal":"I cannot.")"), delta("", stop), "[DONE]"});

    EXPECT_EQ(chat.text(), "I cannot.");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_REFUSAL);
}

TEST_F(OpenAiStreamTest, OddButLegalChunksAreTaken) {
    auto& chat =
        answered_with({R"({"choices":[],"prompt_filter_results":[{}]})", R"({"choices":null})",
                       R"({"choices":[{"index":0,"delta":null,"finish_reason":null}]})",
                       R"({"choices":[{"index":0}],"usage":null,"error":null})",
                       R"({"choices":[{"delta":{"content":"x"},"finish_reason":null}],
             "usage":{"prompt_tokens":1,"completion_tokens":1}})",
                       R"({"choices":[{"delta":{},"finish_reason":"stop"}],
             "usage":{"prompt_tokens":1,"completion_tokens":2}})"});

    EXPECT_EQ(chat.text(), "x");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
    const auto usage = chat.events(PATCHBAY_EVENT_USAGE);
    ASSERT_EQ(usage.size(), 1u);  // the last one counts
    EXPECT_EQ(usage[0].usage->completion_tokens, 2u);
}

TEST_F(OpenAiStreamTest, WithoutUsageNoneIsInvented) {
    auto& chat = answered_with({content("x"), delta("", stop), "[DONE]"});

    EXPECT_TRUE(chat.events(PATCHBAY_EVENT_USAGE).empty());
}

TEST_F(OpenAiStreamTest, DeltasAfterTheReasonStillCount) {
    auto& chat = answered_with({content("a"), delta("", stop), content("b"), "[DONE]"});

    EXPECT_EQ(chat.text(), "ab");
}

TEST_F(OpenAiStreamTest, AReasonIsAnEndWithoutDone) {
    EXPECT_EQ(answered_with({content("x"), delta("", stop)}).finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(OpenAiStreamTest, DoneIsAnEndWithoutAReason) {
    auto& chat = answered_with({R"({"choices":[{"delta":{"content":"x"}}]})", "[DONE]"});

    EXPECT_EQ(chat.text(), "x");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(OpenAiStreamTest, ABodyThatJustEndsIsTruncated) {
    auto& chat = answered_with({content("half")});

    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::upstream_truncated);
    EXPECT_TRUE(chat.error()->retryable);
}

TEST_F(OpenAiStreamTest, DoneIsNoEndWhereAReasonWasAnnounced) {
    auto& chat = answered_with({content("half"), "[DONE]"});

    EXPECT_EQ(chat.text(), "half");
    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::upstream_truncated);
}

TEST_F(OpenAiStreamTest, WithoutAChoiceThereIsNoAnswer) {
    const std::string foreign = R"({"status":"ok"})";
    for (const auto& data :
         {std::vector<std::string>{}, {"[DONE]"}, {foreign}, {foreign, "[DONE]"}}) {
        auto& chat = answered_with(data);

        ASSERT_TRUE(chat.error());
        EXPECT_EQ(chat.error()->code, ErrorCode::upstream);
    }
}

TEST_F(OpenAiStreamTest, ACutConnectionIsPassedOn) {
    auto& chat = answered(
        {.chunks = events({content("half")}),
         .failure = Error{.code = ErrorCode::upstream_truncated, .message = "reset by peer"}});

    EXPECT_EQ(chat.text(), "half");
    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::upstream_truncated);
}

TEST_F(OpenAiStreamTest, ACutAfterTheReasonHarmsNobody) {
    auto& chat = answered({.chunks = events({content("all"), delta("", stop)}),
                           .failure = Error{.code = ErrorCode::upstream, .message = "reset"}});

    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(OpenAiStreamTest, AnErrorInTheMidstFailsAndEndsTheCall) {
    HttpAnswer answer;
    answer.chunks =
        events({content("half"), R"({"error":{"message":"model crashed","type":"server_error"}})"});
    answer.chunks.emplace_back("data: " + content("never") + "\n\n", 1h);

    auto& chat = answered(std::move(answer));

    EXPECT_EQ(chat.text(), "half");
    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::upstream);
    EXPECT_TRUE(chat.error()->retryable);
    EXPECT_TRUE(host.http().calls().back().cancelled);
}

TEST_F(OpenAiStreamTest, AnErrorInTheMidstIsMappedByItsCode) {
    auto& quota = answered_with({R"({"error":{"message":"pay","code":"insufficient_quota"}})"});
    auto& number = answered_with({R"({"error":{"message":"bad","code":400}})"});
    auto& text = answered_with({R"({"error":"out of memory"})"});

    EXPECT_EQ(quota.error()->code, ErrorCode::quota_exceeded);
    EXPECT_EQ(number.error()->code, ErrorCode::bad_request);
    EXPECT_EQ(text.error()->code, ErrorCode::upstream);
}

TEST_F(OpenAiStreamTest, NonsenseIsAnUpstreamError) {
    for (const auto& data : {std::string("{"), std::string("[1]"), std::string("nonsense"),
                             R"({"choices":[{"delta":{"content":"\ud800"}}]})" + std::string(),
                             "{\"choices\":[{\"delta\":{\"content\":\"\xFF\"}}]}" + std::string(),
                             std::string(R"({"choices":{}})"), std::string(R"({"choices":[null]})"),
                             std::string(R"({"choices":[{"delta":[]}]})"),
                             std::string(R"({"choices":[{"delta":{"content":["y"]}}]})"),
                             std::string(R"({"choices":[{"delta":{"refusal":1}}]})"),
                             std::string(R"({"choices":[{"delta":{"tool_calls":{}}}]})"),
                             std::string(R"({"choices":[{"delta":{},"finish_reason":false}]})")}) {
        auto& chat = answered_with({content("x"), data, content("y"), "[DONE]"});

        EXPECT_EQ(chat.text(), "x");
        ASSERT_TRUE(chat.error()) << data;
        EXPECT_EQ(chat.error()->code, ErrorCode::upstream);
    }
}

TEST_F(OpenAiStreamTest, ALongTextIsCutBetweenCharacters) {
    std::string text;
    while (text.size() < 100'000) text += "你";

    auto& chat = answered_with({content(text), delta("", stop), "[DONE]"});

    EXPECT_EQ(chat.text(), text);
    EXPECT_GT(chat.events(PATCHBAY_EVENT_DELTA).size(), 1u);
}

TEST_F(OpenAiStreamTest, APlainJsonCompletionIsTakenWhole) {
    auto& chat = answered(
        {.headers = {{"Content-Type", "application/json"}},
         .chunks = {
             R"({"choices":[{"message":{"role":"assistant","content":"Hello"},)",
             R"("finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})"}});

    EXPECT_EQ(chat.text(), "Hello");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_STOP);
    EXPECT_EQ(chat.events(PATCHBAY_EVENT_USAGE).size(), 1u);
}

TEST_F(OpenAiStreamTest, APlainJsonErrorWith200IsAnError) {
    auto& chat = answered({.headers = {{"Content-Type", "application/json"}},
                           .chunks = {R"({"error":{"message":"x","code":"model_not_found"}})"}});

    ASSERT_TRUE(chat.error());
    EXPECT_EQ(chat.error()->code, ErrorCode::model_not_found);
}

TEST_F(OpenAiStreamTest, AnEndlessPlainBodyIsStopped) {
    for (const uint32_t status : {200u, 500u}) {
        HttpAnswer answer = {.status = status, .headers = {{"Content-Type", "text/html"}}};
        for (int i = 0; i < 10; ++i) answer.chunks.emplace_back(std::string(64 * 1024, 'x'), 1ms);

        auto& chat = answered(std::move(answer));

        ASSERT_TRUE(chat.error());
        EXPECT_EQ(chat.error()->code, ErrorCode::upstream);
        EXPECT_EQ(chat.error()->retryable, status == 500);
        EXPECT_TRUE(host.http().calls().back().cancelled);
    }
}

TEST_F(OpenAiStreamTest, ToolCallsArePutTogetherByIndex) {
    auto& chat = answered_with(
        {delta(R"("content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function",
                  "function":{"name":"get_weather","arguments":""}}])"),
         delta(R"("tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}])"),
         delta(R"("tool_calls":[{"index":1,"id":"call_2","type":"function",
                  "function":{"name":"get_time","arguments":""},
                  "extra_content":{"google":{"thought_signature":"abc"}}},
                  {"index":0,"function":{"arguments":"\"Oslo\"}"}}])"),
         delta("", R"("tool_calls")"), "[DONE]"});

    const auto calls = chat.events(PATCHBAY_EVENT_TOOL_CALL);
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(calls[0].id, "call_1");
    EXPECT_EQ(calls[0].name, "get_weather");
    EXPECT_EQ(calls[0].text, R"({"city":"Oslo"})");
    EXPECT_EQ(calls[0].extra_json, "");
    EXPECT_EQ(calls[1].name, "get_time");
    EXPECT_EQ(calls[1].text, "{}");
    EXPECT_EQ(json::parse(calls[1].extra_json)["extra_content"]["google"]["thought_signature"],
              "abc");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_TOOL_CALLS);
}

TEST_F(OpenAiStreamTest, ToolCallsWithoutIndexAreToldApartByTheirIds) {
    auto& chat = answered_with(
        {delta(R"("tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},
                                {"id":"b","function":{"name":"g","arguments":"{\"x\":"}}])"),
         delta(R"("tool_calls":[{"function":{"arguments":"1}"}}])"), delta("", stop), "[DONE]"});

    const auto calls = chat.events(PATCHBAY_EVENT_TOOL_CALL);
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(calls[1].text, R"({"x":1})");
    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_TOOL_CALLS);  // whatever the reason says
}

TEST_F(OpenAiStreamTest, ToolCallsThatAreNotWholeAreAnError) {
    const auto half = delta(
        R"("tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}])");

    auto& ended = answered_with({half, delta("", R"("tool_calls")"), "[DONE]"});
    auto& cut = answered_with({half, delta("", R"("length")"), "[DONE]"});

    ASSERT_TRUE(ended.error());
    EXPECT_EQ(ended.error()->code, ErrorCode::upstream);
    EXPECT_EQ(cut.finish_reason(), PATCHBAY_FINISH_LENGTH);
    EXPECT_TRUE(cut.events(PATCHBAY_EVENT_TOOL_CALL).empty());
}

TEST_F(OpenAiStreamTest, APausedReaderHoldsTheUpstream) {
    host.http().answer(
        url,
        {.chunks = events({content("a"), content("b"), content("c"), delta("", stop), "[DONE]"})});
    auto& chat = open({});
    chat.pause_after(1);

    host.advance(1min);

    EXPECT_EQ(chat.text(), "a");
    chat.resume();
    EXPECT_EQ(run(chat).text(), "abc");
    EXPECT_EQ(chat.emits_while_paused(), 0u);
}

TEST_F(OpenAiStreamTest, CancelEndsItAtAnyPoint) {
    for (const auto after : {0ms, 10ms, 150ms, 250ms}) {
        HttpAnswer answer = {.delay = 100ms};
        answer.chunks.emplace_back("data: " + content("x") + "\n\n", 100ms);
        answer.chunks.emplace_back("data: [DONE]\n\n", 1h);
        host.http().answer(url, std::move(answer));
        auto& chat = open({});
        host.advance(after);

        chat.cancel();

        EXPECT_EQ(run(chat).finish_reason(), PATCHBAY_FINISH_CANCELLED);
        EXPECT_TRUE(host.http().calls().back().cancelled);
    }
}

}  // namespace
