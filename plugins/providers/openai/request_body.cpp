#include "request_body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace openai {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;
using patchbay::Result;

// Ours to set: a caller's options must not turn the stream into something else.
constexpr std::array own_keys = {
    "model", "messages", "stream", "stream_options", "tools", "max_tokens", "max_completion_tokens",
    "n"};

std::string text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The value under `key` as text: a string as it is, anything else as JSON.
std::string json_text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

Result<json> content_part(const json& part) {
    const auto type = text_in(part, "type");
    const auto url = text_in(part, "url");
    if (type == "text") return json{{"type", "text"}, {"text", text_in(part, "text")}};
    if (type == "image") return json{{"type", "image_url"}, {"image_url", {{"url", url}}}};
    if (type == "file" && url.starts_with("data:"))
        return json{{"type", "file"}, {"file", {{"file_data", url}}}};
    if (type == "file")
        return failure(ErrorCode::unsupported, "this API takes a file only as a data: URL");
    return failure(ErrorCode::unsupported, "this API has no part of type \"" + type + "\"");
}

// A string for a lone text, which every server takes; else an array of parts.
Result<json> content(const json& parts) {
    if (parts.size() == 1 && text_in(parts[0], "type") == "text")
        return json(text_in(parts[0], "text"));
    auto mapped = json::array();
    for (const auto& part : parts) {
        auto one = content_part(part);
        if (!one) return one;
        mapped.push_back(std::move(*one));
    }
    return mapped;
}

json tool_call(const json& part) {
    auto arguments = json_text_in(part, "arguments");
    json call = {{"id", text_in(part, "id")},
                 {"type", "function"},
                 {"function",
                  {{"name", text_in(part, "name")},
                   {"arguments", arguments.empty() ? "{}" : std::move(arguments)}}}};
    if (const auto extra = part.find("extra"); extra != part.end() && extra->is_object())
        call.update(*extra);  // what the vendor gave with the call and wants back
    return call;
}

Result<json> assistant_message(const json& parts) {
    std::string text;
    auto calls = json::array();
    for (const auto& part : parts) {
        const auto type = text_in(part, "type");
        if (type == "text")
            text += text_in(part, "text");
        else if (type == "tool_call")
            calls.push_back(tool_call(part));
        else
            return failure(ErrorCode::unsupported, "an assistant cannot send a " + type);
    }
    json message = {{"role", "assistant"}, {"content", text}};
    if (!calls.empty()) {
        if (text.empty()) message["content"] = nullptr;
        message["tool_calls"] = std::move(calls);
    }
    return message;
}

// Appends one message; one of tool results becomes one per result.
Result<void> append(json& messages, const json& message) {
    const auto parts = message.is_object() ? message.find("content") : message.end();
    if (parts == message.end() || !parts->is_array())
        return failure(ErrorCode::bad_request, "a message has no content array");
    const bool objects = std::ranges::all_of(*parts, [](const json& p) { return p.is_object(); });
    if (!objects) return failure(ErrorCode::bad_request, "a part is no object");

    const auto role = text_in(message, "role");
    if (role == "tool") {
        for (const auto& part : *parts)
            messages.push_back(
                {{"role", "tool"},
                 {"tool_call_id", text_in(part, "id")},
                 {"content", json_text_in(part, part.contains("error") ? "error" : "output")}});
        return {};
    }
    if (role == "assistant") {
        auto mapped = assistant_message(*parts);
        if (!mapped) return std::unexpected(mapped.error());
        messages.push_back(std::move(*mapped));
        return {};
    }
    auto mapped = content(*parts);
    if (!mapped) return std::unexpected(mapped.error());
    messages.push_back({{"role", role}, {"content", std::move(*mapped)}});
    return {};
}

Result<json> tools(std::string_view tools_json) {
    const auto list = json::parse(tools_json, nullptr, false);
    if (!list.is_array()) return failure(ErrorCode::bad_request, "the tools are no JSON array");
    auto mapped = json::array();
    for (const auto& tool : list) mapped.push_back({{"type", "function"}, {"function", tool}});
    return mapped;
}

}  // namespace

Result<std::string> request_body(const Config& config, const patchbay::ChatRequest& request) {
    const auto messages = json::parse(request.messages_json, nullptr, false);
    if (!messages.is_array())
        return failure(ErrorCode::bad_request, "the messages are no JSON array");
    const auto options = json::parse(request.options_json, nullptr, false);
    if (!options.is_object())
        return failure(ErrorCode::bad_request, "the options are no JSON object");

    json body = {{"model", request.model}, {"messages", json::array()}, {"stream", true}};
    for (const auto& message : messages)
        if (auto added = append(body["messages"], message); !added)
            return std::unexpected(added.error());
    for (const auto& [key, value] : options.items())
        if (!value.is_null() && std::ranges::find(own_keys, key) == own_keys.end())
            body[key] = value;
    if (config.include_usage) body["stream_options"] = {{"include_usage", true}};
    if (request.max_tokens > 0) body[config.max_tokens_field] = request.max_tokens;
    if (!request.tools_json.empty()) {
        auto mapped = tools(request.tools_json);
        if (!mapped) return std::unexpected(mapped.error());
        if (!mapped->empty()) body["tools"] = std::move(*mapped);
    }
    return body.dump();
}

}  // namespace openai
