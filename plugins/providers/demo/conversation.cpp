#include "conversation.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace demo {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;

uint64_t count_words(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    uint64_t words = 0;
    size_t at = 0;
    while ((at = text.find_first_not_of(space, at)) != text.npos) {
        ++words;
        at = std::min(text.find_first_of(space, at), text.size());
    }
    return words;
}

std::string text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Walks through the messages and remembers what may come next.
class Reader {
public:
    patchbay::Result<void> read(const json& message) {
        ++index_;
        if (!message.is_object()) return wrong("is no object");
        const auto content = message.find("content");
        if (content == message.end() || !content->is_array() || content->empty())
            return wrong("has no content");

        if (auto turn = take_turn(text_in(message, "role")); !turn) return turn;
        text_.clear();
        bool empty = true;
        for (const auto& part : *content) {
            if (!part.is_object()) return wrong("has a part that is no object");
            if (auto read = read_part(part, empty); !read) return read;
        }
        if (empty) return wrong("is empty");
        if (role_ == "user") conversation_.question = text_;
        conversation_.words += count_words(text_);
        return {};
    }

    patchbay::Result<Conversation> end() {
        ++index_;
        if (!open_calls_.empty())
            return failure(ErrorCode::bad_request,
                           "tool call " + *open_calls_.begin() + " has no result");
        if (role_ != "user" && role_ != "tool")
            return failure(ErrorCode::bad_request, "the last message is not the user's");
        conversation_.messages = index_ - 1;
        return std::move(conversation_);
    }

private:
    std::unexpected<patchbay::Error> wrong(const std::string& what) const {
        return failure(ErrorCode::bad_request, "message " + std::to_string(index_) + " " + what);
    }

    // Checks that a message of this role may come now.
    patchbay::Result<void> take_turn(const std::string& role) {
        const bool results = role == "tool";
        if (!results && !open_calls_.empty())
            return wrong("comes before the result of tool call " + *open_calls_.begin());
        if (role == "system") {
            if (!role_.empty() && role_ != "system")
                return wrong("is a system message after the beginning");
        } else if (role == "user") {
            if (role_ == "user" || role_ == "tool")
                return wrong("is the user's, like the one before it");
        } else if (role == "assistant") {
            if (role_.empty() || role_ == "system")
                return wrong("is the assistant's, and the user must begin");
            if (role_ == "assistant") return wrong("is the assistant's, like the one before it");
        } else if (!results) {
            return wrong("has an unknown role");
        }
        role_ = role;
        return {};
    }

    patchbay::Result<void> read_part(const json& part, bool& empty) {
        const auto type = text_in(part, "type");
        if (type == "text") {
            const auto text = text_in(part, "text");
            if (count_words(text) > 0) empty = false;
            if (!text_.empty()) text_ += ' ';
            text_ += text;
        } else if (type == "image" || type == "file") {
            if (text_in(part, "url").empty()) return wrong("has a part without its url");
            empty = false;
        } else if (type == "tool_call") {
            if (role_ != "assistant") return wrong("calls a tool, which only the assistant may");
            if (text_in(part, "id").empty() || text_in(part, "name").empty())
                return wrong("has a tool call without its id or name");
            if (!open_calls_.insert(text_in(part, "id")).second)
                return wrong("has two tool calls with one id");
            empty = false;
        } else if (type == "tool_result") {
            if (role_ != "tool") return wrong("has a tool result, and is no tool message");
            if (open_calls_.erase(text_in(part, "id")) == 0)
                return wrong("has a result of no open tool call");
            empty = false;
        } else {
            return wrong("has a part of an unknown type");
        }
        return {};
    }

    Conversation conversation_;
    std::string role_;                  // of the message before, then of this one
    std::string text_;                  // of this message
    std::set<std::string> open_calls_;  // ids of tool calls that wait for their result
    uint64_t index_ = 0;                // of this message; the first is 1
};

}  // namespace

patchbay::Result<Conversation> read_conversation(std::string_view messages_json) {
    const auto messages = json::parse(messages_json, nullptr, false);
    if (!messages.is_array()) return failure(ErrorCode::bad_request, "messages are no JSON array");

    Reader reader;
    for (const auto& message : messages)
        if (auto read = reader.read(message); !read) return std::unexpected(read.error());
    return reader.end();
}

}  // namespace demo
