// The openai plugin with a scripted server.
#pragma once

#include "plugin_under_test.hpp"

#include <string>
#include <string_view>
#include <vector>

class OpenAiTest : public PluginUnderTest {
protected:
    static constexpr const char* url = "http://upstream.test/v1/chat/completions";

    OpenAiTest() : PluginUnderTest(OPENAI_PLUGIN) {}

    void SetUp() override {
        ASSERT_TRUE(create(R"({"base_url": "http://upstream.test/v1", "api_key": "sk-secret"})"));
    }

    // Each of `data` as an SSE event, on one line, and as one chunk of the body.
    static std::vector<patchbay::testing::HttpChunk> events(std::vector<std::string> data) {
        std::vector<patchbay::testing::HttpChunk> chunks;
        for (auto& text : data) {
            std::erase(text, '\n');
            chunks.emplace_back("data: " + text + "\n\n");
        }
        return chunks;
    }

    static std::string delta(const std::string& members, const std::string& reason = "null") {
        return R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":)"
               R"([{"index":0,"delta":{)" +
               members + R"(},"finish_reason":)" + reason + "}]}";
    }

    static std::string content(const std::string& text) {
        return delta("\"content\":" + nlohmann::json(text).dump());
    }

    // Runs a chat to its close, against this answer.
    patchbay::testing::FakeChat& answered(patchbay::testing::HttpAnswer answer,
                                          const patchbay::testing::ChatInput& input = {}) {
        host.http().answer(url, std::move(answer));
        return run(open(input));
    }

    patchbay::testing::FakeChat& answered_with(const std::vector<std::string>& data) {
        return answered({.chunks = events(data)});
    }

    nlohmann::json sent_body() { return nlohmann::json::parse(host.http().calls().back().body); }
};
