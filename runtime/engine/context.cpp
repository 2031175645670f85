#include "runtime/engine/context.hpp"

#include "runtime/engine/usage.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace patchbay::engine {
namespace {

using nlohmann::json;

constexpr uint64_t image_tokens = 1000;  // what a picture costs, roughly, with most vendors
constexpr uint64_t message_tokens = 4;   // role and separators
constexpr size_t history_messages = 2000;
constexpr uint64_t bytes_per_token = 5;  // read a little more than the estimate will keep

uint64_t tokens_of(const json& content) {
    uint64_t sum = message_tokens;
    for (const auto& part : content) {
        const auto type = part.value("type", "");
        if (type == "text") {
            sum += estimate_tokens(part.value("text", ""));
        } else if (type == "image" || type == "file") {
            sum += image_tokens;
        } else {
            sum += estimate_tokens(part.dump());
        }
    }
    return sum;
}

struct Turn {
    std::vector<json> messages;
    uint64_t tokens = 0;
};

json content_of(const MessageRecord& record) {
    auto content = json::parse(record.content_json, nullptr, false);
    return content.is_array() ? content : json::array();
}

std::vector<Turn> turns_of(const std::vector<MessageRecord>& history) {
    std::vector<Turn> turns;
    uint32_t last = 0;
    for (const auto& record : history) {
        auto content = content_of(record);
        if (content.empty() || record.status == MessageStatus::rolled_back) continue;
        if (turns.empty() || record.turn != last) turns.emplace_back();
        last = record.turn;
        turns.back().tokens += tokens_of(content);
        turns.back().messages.push_back({{"role", record.role}, {"content", std::move(content)}});
    }
    return turns;
}

std::set<std::string> results_in(const json& messages) {
    std::set<std::string> ids;
    for (const auto& message : messages) {
        for (const auto& part : message["content"]) {
            if (part.value("type", "") == "tool_result") ids.insert(part.value("id", ""));
        }
    }
    return ids;
}

// Adds `message` to `messages`, joined with a neighbour of its role; orphaned tool calls get a
// result right behind them.
void append(json& messages, json message, const std::set<std::string>& results) {
    auto missing = json::array();
    for (const auto& part : message["content"]) {
        if (part.value("type", "") != "tool_call" || results.contains(part.value("id", "")))
            continue;
        missing.push_back({{"type", "tool_result"},
                           {"id", part.value("id", "")},
                           {"error", "The call was not carried out."}});
    }
    if (!messages.empty() && messages.back()["role"] == message["role"]) {
        for (auto& part : message["content"]) messages.back()["content"].push_back(std::move(part));
    } else {
        messages.push_back(std::move(message));
    }
    if (!missing.empty()) messages.push_back({{"role", "tool"}, {"content", std::move(missing)}});
}

}  // namespace

std::string build_messages(const std::vector<MessageRecord>& history,
                           const std::string& user_content_json, uint64_t window_tokens) {
    auto turns = turns_of(history);
    turns.push_back({});
    turns.back().messages.push_back(
        {{"role", "user"}, {"content", json::parse(user_content_json)}});
    uint64_t left = window_tokens;
    size_t first = turns.size() - 1;
    left -= std::min(left, tokens_of(turns.back().messages.front()["content"]));
    while (first > 0 && turns[first - 1].tokens <= left) left -= turns[--first].tokens;

    auto chosen = json::array();
    for (size_t i = first; i < turns.size(); ++i) {
        for (auto& message : turns[i].messages) chosen.push_back(std::move(message));
    }
    const auto results = results_in(chosen);
    auto messages = json::array();
    for (auto& message : chosen) append(messages, std::move(message), results);
    return messages.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::string> messages_for(Store& store, const InteractionId& interaction, uint32_t turn,
                                 const std::string& user_content_json, uint64_t window_tokens) {
    if (turn == 1) return build_messages({}, user_content_json, window_tokens);
    const auto history =
        store.recent_messages(interaction, turn, history_messages, window_tokens * bytes_per_token);
    if (!history) return std::unexpected(history.error());
    return build_messages(*history, user_content_json, window_tokens);
}

}  // namespace patchbay::engine
