#include "runtime/engine/payload.hpp"

#include "runtime/engine/json_text.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

using nlohmann::json;

json id_or_null(const MessageId& id) { return id.empty() ? json(nullptr) : json(id.str()); }

json usage_json(const Usage& usage) {
    return {{"prompt_tokens", usage.prompt_tokens},
            {"completion_tokens", usage.completion_tokens},
            {"cached_tokens", usage.cached_tokens},
            {"cache_write_tokens", usage.cache_write_tokens},
            {"reasoning_tokens", usage.reasoning_tokens},
            {"estimated", usage.estimated}};
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view view(const patchbay_str& text) {
    return {text.data, static_cast<size_t>(text.size)};
}

// JSON that the plugin host has checked already; null where there is none.
json parsed(std::string_view text) {
    return text.empty() ? json(nullptr) : json::parse(text, nullptr, false);
}

void set_payload(Event& made, EventKind kind, std::string payload, std::string_view extra) {
    made.kind = kind;
    made.body = std::move(payload);
    if (extra.empty()) return;
    auto with_extra = json::parse(made.body);
    with_extra["extra"] = parsed(extra);
    made.body = dump(with_extra);
}

}  // namespace

std::string tool_call_payload(const LoggedToolCall& call) {
    json payload = {{"id", call.id},
                    {"name", call.name},
                    {"arguments", parsed(call.arguments_json)},
                    {"idempotent", call.idempotent}};
    if (!call.agent.empty()) payload["agent"] = call.agent;
    if (!call.is_wish) payload["by"] = "agent";
    if (!call.extra_json.empty()) payload["extra"] = parsed(call.extra_json);
    return dump(payload);
}

std::string tool_result_payload(const LoggedToolResult& result) {
    json payload = {{"id", result.id}};
    if (result.error.empty()) {
        payload["output"] = parsed(result.output_json);
    } else {
        payload["error"] = result.error;
    }
    if (!result.agent.empty()) payload["agent"] = result.agent;
    if (!result.repeats.empty()) payload["repeats"] = result.repeats;
    return dump(payload);
}

std::string tool_result_payload(const patchbay_event& event, const std::string& agent) {
    const bool failed = (event.flags & PATCHBAY_EVENT_FAILED) != 0;
    json payload = {{"id", view(event.id)},
                    {failed ? "error" : "output", parsed(view(event.text))}};
    if (!agent.empty()) payload["agent"] = agent;
    if (event.extra_json.size > 0) payload["extra"] = parsed(view(event.extra_json));
    return dump(payload);
}

std::string run_queued_payload(uint32_t turn, size_t position) {
    return dump({{"turn", turn}, {"position", position}});
}

std::string run_started_payload(uint32_t turn, std::string_view agent, std::string_view provider,
                                std::string_view model) {
    return dump({{"turn", turn}, {"agent", agent}, {"provider", provider}, {"model", model}});
}

std::string message_user_payload(const MessageId& id, const MessageId& parent,
                                 std::string_view content_json) {
    return dump({{"message_id", id.str()},
                 {"parent_id", id_or_null(parent)},
                 {"content", json::parse(content_json)}});
}

std::string content_of_input(std::string_view input_json) {
    return dump(json::array({{{"type", "text"}, {"text", input_json}}}));
}

std::string message_completed_payload(const CompletedMessage& message) {
    return dump({{"message_id", message.id.str()},
                 {"parent_id", id_or_null(message.parent)},
                 {"content", json::parse(message.content_json)},
                 {"finish_reason", message.finish_reason},
                 {"model", message.model},
                 {"provider", message.provider}});
}

std::string usage_payload(const Usage& usage) { return dump(usage_json(usage)); }

std::string run_completed_payload(const Usage& usage, const std::optional<int64_t>& cost_micros,
                                  uint64_t points) {
    return dump({{"usage", usage_json(usage)},
                 {"cost_micros", cost_micros ? json(*cost_micros) : json(nullptr)},
                 {"points", points}});
}

std::string run_failed_payload(const Error& error) {
    json payload = {{"code", name_of(error.code)},
                    {"message", public_message(error)},
                    {"recoverable", error.retryable}};
    if (error.retry_after_ms > 0) payload["retry_after_ms"] = error.retry_after_ms;
    return dump(payload);
}

std::string run_cancelled_payload(CancelledBy by) { return dump({{"by", name_of(by)}}); }

std::string run_interrupted_payload(std::string_view reason) { return dump({{"reason", reason}}); }

std::string run_recovered_payload(uint64_t resume_from_seq) {
    return dump({{"resume_from_seq", resume_from_seq}});
}

std::string attempt_superseded_payload(uint64_t from_seq, uint64_t to_seq) {
    return dump({{"from_seq", from_seq}, {"to_seq", to_seq}});
}

Usage usage_of(const patchbay_usage& usage) {
    return {.prompt_tokens = usage.prompt_tokens,
            .completion_tokens = usage.completion_tokens,
            .cached_tokens = usage.cached_tokens,
            .cache_write_tokens = usage.cache_write_tokens,
            .reasoning_tokens = usage.reasoning_tokens,
            .estimated = usage.estimated != 0};
}

std::optional<Event> event_of(const patchbay_event& event) {
    Event made;
    const auto text = view(event.text);
    const auto extra = view(event.extra_json);
    switch (event.kind) {
        case PATCHBAY_EVENT_DELTA:
            made.kind = EventKind::delta;
            made.channel = static_cast<Channel>(event.channel);
            made.body = text;
            if (!extra.empty()) made.extra = dump(parsed(extra));
            return made;
        case PATCHBAY_EVENT_STATUS:
            set_payload(made, EventKind::status, dump({{"text", text}}), extra);
            return made;
        case PATCHBAY_EVENT_PROGRESS:
            set_payload(made, EventKind::progress, dump({{"percent", event.percent}}), extra);
            return made;
        case PATCHBAY_EVENT_TOOL_RESULT:
            made.kind = EventKind::tool_result;
            made.body = tool_result_payload(event, "");
            return made;
        case PATCHBAY_EVENT_METADATA:
            set_payload(made, EventKind::metadata, dump(parsed(text)), extra);
            return made;
        case PATCHBAY_EVENT_CUSTOM:
            set_payload(made, EventKind::custom,
                        dump({{"name", view(event.name)}, {"data", parsed(text)}}), extra);
            return made;
        default: return std::nullopt;
    }
}

std::string_view finish_name(uint32_t reason) {
    switch (reason) {
        case PATCHBAY_FINISH_LENGTH: return "length";
        case PATCHBAY_FINISH_TOOL_CALLS: return "tool_calls";
        case PATCHBAY_FINISH_CONTENT_FILTER: return "content_filter";
        case PATCHBAY_FINISH_REFUSAL: return "refusal";
        default: return "stop";
    }
}

std::string told_of_tool(const Error& error) {
    return error.user_safe ? error.message
                           : "The tool failed (" + std::string(name_of(error.code)) + ").";
}

std::string public_message(const Error& error) {
    if (error.user_safe) return error.message;
    switch (error.code) {
        case ErrorCode::upstream: return "The model's provider failed.";
        case ErrorCode::upstream_truncated: return "The model's answer was cut short.";
        case ErrorCode::timeout: return "The model's provider took too long.";
        case ErrorCode::rate_limited: return "The model's provider asks to slow down.";
        case ErrorCode::quota_exceeded: return "The quota at the model's provider is used up.";
        case ErrorCode::limit: return "The run has reached a limit of the server.";
        case ErrorCode::too_large: return "The request is too large for the model's provider.";
        case ErrorCode::context_length: return "The conversation is too long for the model.";
        case ErrorCode::content_filtered: return "The model's provider refused the content.";
        case ErrorCode::model_not_found: return "The model's provider does not know the model.";
        case ErrorCode::bad_request: return "The model's provider did not accept the request.";
        case ErrorCode::unavailable: return "The model's provider is not available.";
        case ErrorCode::storage: return "The server cannot store the answer now.";
        default: return "Something went wrong on the server.";
    }
}

void append_native_data(std::string& out, const Event& event) {
    if (event.kind == EventKind::delta) {
        out += "{\"text\":";
        append_json_string(out, event.body, false);
        out += ",\"channel\":\"";
        out += name_of(event.channel);
        out += '"';
        if (!event.extra.empty()) {
            out += ",\"extra\":";
            out += event.extra;
        }
    } else {
        out.append(event.body, 0, event.body.size() - 1);  // without the closing brace
    }
    if (event.kind != EventKind::delta && event.body.size() <= 2) {
        out += "\"run_id\":\"";
    } else {
        out += ",\"run_id\":\"";
    }
    event.run.append_to(out);
    out += "\",\"attempt\":";
    append_number(out, event.attempt);
    out += ",\"created_at_ms\":";
    append_number(out, static_cast<uint64_t>(event.created_at_ms));
    out += '}';
}

}  // namespace patchbay::engine
