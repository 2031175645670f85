#include "runtime/http/dialects/conversation.hpp"

#include "db/clock.hpp"
#include "runtime/engine/json_text.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/plugins/message_content.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::http {
namespace {

using engine::append_json_string;
using engine::append_number;
using engine::append_seconds;
using nlohmann::json;

std::string text_of(const json& content) {
    std::string text;
    for (const auto& part : content) {
        if (plugins::text_at(part, "type") == "text") text += plugins::text_at(part, "text");
    }
    return text;
}

void end(const Event& event, std::string& out) {
    out += ",\"timestamp\":";
    append_seconds(out, event.created_at_ms);
    out += "}\n\n";
}

void append_id(const RunId& run, uint64_t seq, std::string& out) {
    out += "id: ";
    run.append_to(out);
    out += ':';
    append_number(out, seq);
    out += '\n';
}

std::string error_text(const Event& event, const json& payload) {
    if (event.kind == EventKind::run_failed) return payload.value("message", "The run failed.");
    if (event.kind == EventKind::run_interrupted) {
        return payload.value("reason", "The run was interrupted.");
    }
    return payload.value("by", "") == "timeout" ? "The run took too long and was cancelled."
                                                : "The run was cancelled.";
}

}  // namespace

bool ConversationDialect::encode(const Event& event, std::string& out) {
    switch (event.kind) {
        case EventKind::message_user:
            if (!start_.simple) metadata(event, out);
            return false;
        case EventKind::delta:
            if (event.channel == Channel::answer) token(event, out);
            return false;
        case EventKind::message_completed:
            content_ = text_of(json::parse(event.body, nullptr, false)["content"]);
            return false;
        case EventKind::run_completed: complete(event, out); return true;
        case EventKind::run_failed:
        case EventKind::run_cancelled:
        case EventKind::run_interrupted: error(event, out); return true;
        default: return false;
    }
}

void ConversationDialect::begin(const Event& event, std::string& out) const {
    append_id(event.run, event.seq, out);
    out += "data: ";
}

void ConversationDialect::metadata(const Event& event, std::string& out) const {
    begin(event, out);
    out += R"({"type":"metadata","interaction_id":")";
    out += start_.interaction.str();
    out += R"(","is_new_interaction":)";
    out += start_.is_new ? "true" : "false";
    out += ",\"user_id\":";
    append_json_string(out, start_.user_id, true);
    out += ",\"run_id\":\"";
    out += event.run.str();
    out += '"';
    end(event, out);
}

void ConversationDialect::token(const Event& event, std::string& out) const {
    begin(event, out);
    out += R"({"type":"token","content":)";
    append_json_string(out, event.body, true);
    end(event, out);
}

void ConversationDialect::complete(const Event& event, std::string& out) const {
    const auto payload = json::parse(event.body, nullptr, false);
    const auto usage = payload.value("usage", json::object());
    begin(event, out);
    out += R"({"type":"complete","content":)";
    append_json_string(out, content_, true);
    out += ",\"tokens_used\":";
    append_number(out, usage.value("prompt_tokens", uint64_t{0}) +
                           usage.value("completion_tokens", uint64_t{0}));
    out += ",\"points_cost\":";
    append_number(out, payload.value("points", uint64_t{0}));
    if (start_.simple) {
        out += ",\"interaction_id\":\"" + start_.interaction.str() + "\",\"run_id\":\"" +
               event.run.str() + '"';
    }
    end(event, out);
}

void ConversationDialect::error(const Event& event, std::string& out) const {
    const auto payload = json::parse(event.body, nullptr, false);
    begin(event, out);
    out += R"({"type":"error","error":)";
    append_json_string(out, error_text(event, payload), true);
    if (const auto code = payload.find("code"); code != payload.end())
        out += ",\"code\":" + code->dump();
    if (const auto wait = payload.find("retry_after_ms"); wait != payload.end())
        out += ",\"retry_after_ms\":" + wait->dump();
    end(event, out);
}

void ConversationDialect::encode_error(const Error& error,
                                       const std::optional<engine::StreamPlace>& place,
                                       std::string& out) {
    if (place) append_id(place->run, place->seq, out);
    out += R"(data: {"type":"error","error":)";
    append_json_string(out, engine::public_message(error), true);
    out += ",\"code\":";
    append_json_string(out, name_of(error.code), true);
    out += ",\"timestamp\":";
    append_seconds(out, unix_ms());
    out += "}\n\n";
}

void ConversationDialect::encode_snapshot(const engine::Snapshot&, std::string&) {}

}  // namespace patchbay::http
