// What a plugin under test is asked: the requests of the ABI, owned.
#pragma once

#include <patchbay/abi/verdict.h>

#include <cstdint>
#include <string>

namespace patchbay::testing {

inline constexpr const char* some_id = "00000000-0000-7000-8000-000000000000";

// As patchbay_chat_request.
struct ChatInput {
    std::string model = "test";
    std::string messages_json = R"([{"role":"user","content":[{"type":"text","text":"Hello"}]}])";
    std::string options_json = "{}";
    std::string tools_json = {};
    std::string prefill = {};
    std::string traceparent = {};
    std::string run_id = some_id;
    int64_t deadline_ms = 0;
    uint32_t max_tokens = 0;
    uint32_t attempt = 1;
};

// As patchbay_agent_request.
struct AgentInput {
    std::string method = "chat";
    std::string input_json = R"({"content":[{"type":"text","text":"Hello"}]})";
    std::string model = "test/model";
    std::string options_json = "{}";
    std::string interaction_id = some_id;
    std::string run_id = some_id;
    std::string owner = "user:test";
    std::string traceparent = {};
    std::string extra_json = {};
    int64_t deadline_ms = 0;
    uint32_t max_tokens = 0;
    uint32_t attempt = 1;
    uint32_t depth = 0;
};

// As patchbay_tool_request.
struct ToolInput {
    std::string name;
    std::string arguments_json = "{}";
    std::string call_id = "call-1";
    std::string interaction_id = some_id;
    std::string run_id = some_id;
    std::string owner = "user:test";
    std::string traceparent = {};
    std::string extra_json = {};
    int64_t deadline_ms = 0;
};

// As patchbay_turn.
struct TurnInput {
    std::string surface = "native";
    std::string owner = "user:test";
    std::string credential_id = "key";
    std::string interaction_id = some_id;
    std::string agent = "chat";
    std::string model = {};
    std::string method = {};
    std::string content_json = R"([{"type":"text","text":"Hello"}])";
    std::string input_json = {};
    std::string options_json = "{}";
    std::string traceparent = {};
    std::string extra_json = {};
    uint32_t role = PATCHBAY_ROLE_USER;
    uint32_t attempt = 1;
};

}  // namespace patchbay::testing
