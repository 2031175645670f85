// What agents and tools say that they can do.
#pragma once

#include "runtime/plugins/json_schema.hpp"

#include <patchbay/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

// A method of an agent.
struct MethodInfo {
    std::string name;
    std::string description;
    std::string input_json;                   // the JSON Schema of its input
    std::shared_ptr<const JsonSchema> input;  // never nullptr
};

enum class Approval : uint8_t { never, always, by_policy };

struct ToolInfo {
    std::string name;
    std::string description;
    std::string parameters_json;                   // the JSON Schema of its arguments
    std::shared_ptr<const JsonSchema> parameters;  // never nullptr
    bool idempotent = false;
    Approval approval = Approval::never;
};

// The arrays of agent.h's methods() and tool.h's describe(), at most 1,000 entries. bad_request
// names what is wrong by its JSON pointer. An agent without methods() has "chat" alone.
Result<std::vector<MethodInfo>> parse_methods(std::string_view json);
Result<std::vector<ToolInfo>> parse_tools(std::string_view json);
std::vector<MethodInfo> chat_alone();

}  // namespace patchbay::plugins
