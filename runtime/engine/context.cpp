#include "runtime/engine/context.hpp"

#include "runtime/engine/open_calls.hpp"
#include "runtime/engine/usage.hpp"
#include "runtime/plugins/message_content.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <utility>

namespace patchbay::engine {
namespace {

using nlohmann::json;
using plugins::text_at;

constexpr uint64_t image_tokens = 1000;  // what a picture costs, roughly, with most vendors
constexpr uint64_t message_tokens = 4;   // role and separators
constexpr size_t history_messages = 2000;
constexpr uint64_t bytes_per_token = 5;  // read a little more than the estimate will keep

uint64_t tokens_of(const json& content) {
    uint64_t sum = message_tokens;
    for (const auto& part : content) {
        const auto type = text_at(part, "type");
        if (type == "text") {
            sum += estimate_tokens(text_at(part, "text"));
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

// The results of tool calls by the call's id; null for one that the user's next message brings.
using Results = std::map<std::string, json>;

Results results_in(const json& messages) {
    Results results;
    for (const auto& message : messages) {
        for (const auto& part : message["content"]) {
            if (text_at(part, "type") != "tool_result") continue;
            results[text_at(part, "id")] = message["role"] == "assistant" ? part : json(nullptr);
        }
    }
    return results;
}

json result_of(const json& call, const Results& results) {
    const auto id = text_at(call, "id");
    const auto found = results.find(id);
    if (found != results.end()) return found->second;
    return {{"type", "tool_result"}, {"id", id}, {"error", call_not_made}};
}

// Adds parts of one role, joined with a neighbour of that role.
void add_parts(json& messages, const std::string& role, json parts) {
    if (parts.empty()) return;
    if (messages.empty() || messages.back()["role"] != role)
        messages.push_back({{"role", role}, {"content", json::array()}});
    for (auto& part : parts) messages.back()["content"].push_back(std::move(part));
}

// Adds a message as vendors want it: the results of tool calls stand in a message of their own
// right behind the calls, each call has one, and nothing else stands between.
void append(json& messages, json message, const Results& results) {
    const auto role = message["role"].get<std::string>();
    auto parts = json::array();
    auto answers = json::array();
    bool round_is_over = false;
    const auto close = [&] {
        round_is_over = false;
        add_parts(messages, role, std::exchange(parts, json::array()));
        add_parts(messages, "tool", std::exchange(answers, json::array()));
    };
    for (auto& part : message["content"]) {
        const auto type = text_at(part, "type");
        if (type == "tool_result" && role == "assistant") {
            round_is_over = true;  // itself it stands behind its call
            continue;
        }
        // What is said behind calls was said knowing their results.
        const bool is_call = type == "tool_call";
        if (round_is_over || (!is_call && !answers.empty())) close();
        if (is_call) {
            auto answer = result_of(part, results);
            if (!answer.is_null()) answers.push_back(std::move(answer));
        }
        parts.push_back(std::move(part));
    }
    close();
}

}  // namespace

std::string build_messages(const std::vector<MessageRecord>& history,
                           const std::string& user_content_json, uint64_t window_tokens,
                           const std::string& done_json) {
    auto turns = turns_of(history);
    turns.push_back({});
    auto& now = turns.back();
    now.messages.push_back({{"role", "user"}, {"content", json::parse(user_content_json)}});
    now.tokens = tokens_of(now.messages.front()["content"]);
    if (auto done = json::parse(done_json); !done.empty()) {
        now.tokens += tokens_of(done);
        now.messages.push_back({{"role", "assistant"}, {"content", std::move(done)}});
    }
    uint64_t left = window_tokens;
    size_t first = turns.size() - 1;
    left -= std::min(left, now.tokens);
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
                                 const std::string& user_content_json, uint64_t window_tokens,
                                 const std::string& done_json) {
    if (turn == 1) return build_messages({}, user_content_json, window_tokens, done_json);
    const auto history =
        store.recent_messages(interaction, turn, history_messages, window_tokens * bytes_per_token);
    if (!history) return std::unexpected(history.error());
    return build_messages(*history, user_content_json, window_tokens, done_json);
}

}  // namespace patchbay::engine
