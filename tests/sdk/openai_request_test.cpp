// What the plugin sends.
#include "openai_test.hpp"

#include <patchbay/error.hpp>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::testing::ChatInput;
using patchbay::testing::FakeHost;

class OpenAiRequestTest : public OpenAiTest {
protected:
    // The body that the plugin sends for this.
    json body_for(const ChatInput& input) {
        answered_to(input);
        return sent_body();
    }

    void answered_to(const ChatInput& input) {
        answered({.chunks = events({delta("", R"("stop")"), "[DONE]"})}, input);
    }

    json messages_for(const json& messages) {
        return body_for({.messages_json = messages.dump()})["messages"];
    }
};

TEST_F(OpenAiRequestTest, AskForAStreamWithUsage) {
    const auto body = body_for({.model = "gpt-x"});

    EXPECT_EQ(body, json::parse(R"({"model": "gpt-x", "stream": true,
        "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "Hello"}]})"));
    const auto& call = host.http().calls().back();
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.url, url);
    EXPECT_EQ(call.header("Authorization"), "Bearer sk-secret");
    EXPECT_EQ(call.header("Content-Type"), "application/json");
    EXPECT_EQ(call.header("traceparent"), "");
    EXPECT_EQ(call.settings.flags, PATCHBAY_HTTP_SPLIT_SSE);
}

TEST_F(OpenAiRequestTest, OptionsArePassedThroughButNotOurOwn) {
    const auto body =
        body_for({.options_json = R"({"temperature": 0.5, "stop": ["x"], "seed": 1, "top_p": null,
                             "stream": false, "model": "other", "n": 5, "max_tokens": 9})",
                  .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});

    EXPECT_EQ(body["temperature"], 0.5);
    EXPECT_EQ(body["stop"], json::parse(R"(["x"])"));
    EXPECT_EQ(body["seed"], 1);
    EXPECT_FALSE(body.contains("top_p"));
    EXPECT_FALSE(body.contains("n"));
    EXPECT_FALSE(body.contains("max_tokens"));
    EXPECT_EQ(body["stream"], true);
    EXPECT_EQ(body["model"], "test");
    EXPECT_EQ(host.http().calls().back().header("traceparent"),
              "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

TEST_F(OpenAiRequestTest, OneTextIsAStringAndMoreIsAnArray) {
    const auto messages = messages_for(json::parse(R"([
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"},
                                     {"type": "image", "url": "https://example.org/a.png"},
                                     {"type": "file", "url": "data:application/pdf;base64,AA=="}]},
        {"role": "assistant", "content": [{"type": "text", "text": "A "},
                                          {"type": "text", "text": "cat"}]},
        {"role": "user", "content": [{"type": "text", "text": "Thanks"}]}])"));

    EXPECT_EQ(messages, json::parse(R"([
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}}]},
        {"role": "assistant", "content": "A cat"},
        {"role": "user", "content": "Thanks"}])"));
}

TEST_F(OpenAiRequestTest, ToolCallsAndResultsGoBackAsTheyCame) {
    const auto messages = messages_for(json::parse(R"([
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {"role": "assistant", "content": [
            {"type": "tool_call", "id": "1", "name": "weather", "arguments": {"city": "Oslo"},
             "extra": {"extra_content": {"google": {"thought_signature": "abc"}}}},
            {"type": "tool_call", "id": "2", "name": "time", "arguments": "{}"}]},
        {"role": "tool", "content": [{"type": "tool_result", "id": "1", "output": {"rain": true}},
                                     {"type": "tool_result", "id": "2", "error": "no clock"}]}])"));

    EXPECT_EQ(messages, json::parse(R"([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "1", "type": "function", "extra_content": {"google": {"thought_signature": "abc"}},
             "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}},
            {"id": "2", "type": "function", "function": {"name": "time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "{\"rain\":true}"},
        {"role": "tool", "tool_call_id": "2", "content": "no clock"}])"));
}

TEST_F(OpenAiRequestTest, ToolsAreOffered) {
    const auto body = body_for(
        {.tools_json = R"([{"name": "f", "description": "d", "parameters": {"type": "object"}}])"});

    EXPECT_EQ(body["tools"], json::parse(R"([{"type": "function", "function":
        {"name": "f", "description": "d", "parameters": {"type": "object"}}}])"));
}

TEST_F(OpenAiRequestTest, WhatItCannotSendIsRefused) {
    const std::vector<std::pair<ChatInput, ErrorCode>> cases = {
        {{.messages_json = "{"}, ErrorCode::bad_request},
        {{.messages_json = R"([{"role": "user", "content": "text"}])"}, ErrorCode::bad_request},
        {{.messages_json = R"([1])"}, ErrorCode::bad_request},
        {{.messages_json = R"([{"role": "user", "content": [1]}])"}, ErrorCode::bad_request},
        {{.messages_json = R"([{"role": "user", "content": [{"type": "smell"}]}])"},
         ErrorCode::unsupported},
        {{.messages_json =
              R"([{"role": "user", "content": [{"type": "file", "url": "https://x/a.pdf"}]}])"},
         ErrorCode::unsupported},
        {{.options_json = "[]"}, ErrorCode::bad_request},
        {{.tools_json = "{}"}, ErrorCode::bad_request}};
    for (const auto& [input, code] : cases) {
        const auto chat = host.open(input);

        ASSERT_FALSE(chat) << input.messages_json;
        EXPECT_EQ(chat.error().code, code);
    }
    EXPECT_TRUE(host.http().calls().empty());
}

// The fixture's instance has one config; these have others.
class OpenAiConfigTest : public OpenAiTest {
protected:
    void SetUp() override {}

    json body_with(const std::string& config, const std::string& called_url) {
        if (const auto created = create(config); !created)
            throw std::runtime_error("create: " + created.error().message);
        host.http().answer(called_url, {.chunks = events({delta("", R"("stop")"), "[DONE]"})});
        run(open({.max_tokens = 100}));
        return sent_body();
    }
};

TEST_F(OpenAiConfigTest, OpenAiItselfGetsItsOwnLimit) {
    const auto body =
        body_with(R"({"api_key": "k"})", "https://api.openai.com/v1/chat/completions");

    EXPECT_EQ(body["max_completion_tokens"], 100);
    EXPECT_FALSE(body.contains("max_tokens"));
}

TEST_F(OpenAiConfigTest, OthersGetTheOldLimitAndNoKeyWhenThereIsNone) {
    const auto body = body_with(R"({"base_url": "http://127.0.0.1:11434/v1/"})",
                                "http://127.0.0.1:11434/v1/chat/completions");

    EXPECT_EQ(body["max_tokens"], 100);
    EXPECT_EQ(host.http().calls().back().header("Authorization"), "");
}

TEST_F(OpenAiConfigTest, EverySettingIsHonoured) {
    const auto body = body_with(
        R"({"base_url": "http://x.test", "max_tokens_field": "max_completion_tokens",
            "include_usage": false, "organization": "org", "project": "p",
            "headers": {"X-Title": "Patchbay"}, "connect_timeout_ms": 1,
            "first_byte_timeout_ms": 2, "idle_timeout_ms": 3, "total_timeout_ms": 4})",
        "http://x.test/chat/completions");

    EXPECT_EQ(body["max_completion_tokens"], 100);
    EXPECT_FALSE(body.contains("stream_options"));
    const auto& call = host.http().calls().back();
    EXPECT_EQ(call.header("OpenAI-Organization"), "org");
    EXPECT_EQ(call.header("OpenAI-Project"), "p");
    EXPECT_EQ(call.header("X-Title"), "Patchbay");
    EXPECT_EQ(call.settings.connect_timeout_ms, 1u);
    EXPECT_EQ(call.settings.first_byte_timeout_ms, 2u);
    EXPECT_EQ(call.settings.idle_timeout_ms, 3u);
    EXPECT_EQ(call.settings.total_timeout_ms, 4u);
}

TEST_F(OpenAiConfigTest, ModelsAreIdsOrObjects) {
    ASSERT_TRUE(create(R"({"models": ["a", {"id": "b", "context_window": 8, "input_price": 5}]})"));

    EXPECT_EQ(json::parse(host.models()),
              json::parse(R"([{"id": "a"}, {"id": "b", "context_window": 8, "input_price": 5}])"));
}

TEST_F(OpenAiConfigTest, WithoutModelsAnyIdIsAccepted) {
    ASSERT_TRUE(create());

    EXPECT_EQ(host.models(), "[]");
}

TEST_F(OpenAiConfigTest, WithoutHttpItSaysSo) {
    host.hide(PATCHBAY_HTTP_1);
    ASSERT_TRUE(create());

    const auto chat = host.open();

    ASSERT_FALSE(chat);
    EXPECT_EQ(chat.error().code, ErrorCode::unsupported);
}

}  // namespace
