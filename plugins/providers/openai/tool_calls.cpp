#include "tool_calls.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace openai {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;

constexpr size_t max_calls = 128;
constexpr size_t max_argument_bytes = 60'000;  // an event holds 64 KiB

std::string text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The call that a delta belongs to; a new one when there is none.
AssembledCall& call_for(std::vector<AssembledCall>& calls, const json& delta) {
    const auto id = text_in(delta, "id");
    const auto position = delta.find("index");
    if (position != delta.end() && position->is_number_integer()) {
        const auto index = position->get<int64_t>();
        const auto same = std::ranges::find(calls, std::optional(index), &AssembledCall::index);
        if (same != calls.end()) return *same;
        return calls.emplace_back(AssembledCall{.index = index});
    }
    if (id.empty() && !calls.empty()) return calls.back();
    const auto same = std::ranges::find(calls, id, &AssembledCall::id);
    if (!id.empty() && same != calls.end()) return *same;
    return calls.emplace_back();
}

}  // namespace

patchbay::Result<void> ToolCalls::add(std::string_view deltas_json) {
    const auto deltas = json::parse(deltas_json, nullptr, false);
    for (const auto& delta : deltas) {
        if (!delta.is_object())
            return failure(ErrorCode::upstream, "the upstream sent a tool call that is no object");
        auto& call = call_for(calls_, delta);
        if (call.id.empty()) call.id = text_in(delta, "id");
        if (const auto function = delta.find("function");
            function != delta.end() && function->is_object()) {
            if (call.name.empty()) call.name = text_in(*function, "name");
            call.arguments += text_in(*function, "arguments");
        }
        if (delta.contains("extra_content"))
            call.extra_json = json{{"extra_content", delta["extra_content"]}}.dump();
        if (calls_.size() > max_calls || call.arguments.size() > max_argument_bytes)
            return failure(ErrorCode::upstream, "the upstream's tool calls are beyond the limit");
    }
    return {};
}

patchbay::Result<std::vector<AssembledCall>> ToolCalls::take(bool cut) {
    std::vector<AssembledCall> whole;
    for (auto& call : std::exchange(calls_, {})) {
        if (call.arguments.empty()) call.arguments = "{}";
        if (call.id.empty()) call.id = "call_" + std::to_string(whole.size());
        if (!call.name.empty() && json::accept(call.arguments))
            whole.push_back(std::move(call));
        else if (!cut)
            return failure(ErrorCode::upstream, "the upstream sent a tool call that is not whole");
    }
    return whole;
}

}  // namespace openai
