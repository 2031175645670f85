// The payloads of the engine's events: the JSON that durability's table of kinds promises.
#pragma once

#include "db/records.hpp"
#include "runtime/engine/policies.hpp"
#include "runtime/plugins/answer.hpp"

#include <patchbay/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::engine {

std::string run_queued_payload(uint32_t turn, size_t position);
std::string run_started_payload(uint32_t turn, std::string_view agent, std::string_view provider,
                                std::string_view model);
std::string message_user_payload(const MessageId& id, const MessageId& parent,
                                 std::string_view content_json);

// The parts of a message that is nothing but the input of an agent's method: its JSON, to be read.
std::string content_of_input(std::string_view input_json);

struct CompletedMessage {
    MessageId id;
    MessageId parent;
    std::string content_json;
    std::string_view finish_reason;
    std::string_view model;
    std::string_view provider;
};
std::string message_completed_payload(const CompletedMessage& message);

std::string usage_payload(const Usage& usage);
std::string run_completed_payload(const Usage& usage, const std::optional<int64_t>& cost_micros,
                                  uint64_t points);
std::string run_failed_payload(const Error& error);
std::string run_cancelled_payload(CancelledBy by);
std::string run_interrupted_payload(std::string_view reason);
std::string run_recovered_payload(uint64_t resume_from_seq);
std::string attempt_superseded_payload(uint64_t from_seq, uint64_t to_seq);

struct LoggedToolCall {
    std::string id;
    std::string name;
    std::string arguments_json;
    bool idempotent = false;
    std::string extra_json;
    std::string agent;    // "" = the run's own
    bool is_wish = true;  // of a model; false: the agent's own idea
};
std::string tool_call_payload(const LoggedToolCall& call);

struct LoggedToolResult {
    std::string id;
    std::string output_json;
    std::string error;    // "" = it has an output
    std::string agent;    // "" = the run's own
    std::string repeats;  // "" or the call whose result this was, before a crash
};
std::string tool_result_payload(const LoggedToolResult& result);
std::string tool_result_payload(const patchbay_event& event, const std::string& agent);

// The event of a plugin, as the log keeps it: kind, body, extra. Nothing for unknown kinds, and for
// tool calls and usage, which a run puts together itself.
std::optional<Event> event_of(const patchbay_event& event);
Usage usage_of(const patchbay_usage& usage);

// What a model, and whoever reads the log, may know of a tool's failure.
std::string told_of_tool(const Error& error);

// "stop", "length", … of PATCHBAY_FINISH_…
std::string_view finish_name(uint32_t reason);

// What an end user may read of an error: its own message where that is meant for users, else a
// sentence for its code. Upstreams' words, paths and addresses stay in the server's log.
std::string public_message(const Error& error);

// An event as the native wire shows it: its payload with run_id, attempt and created_at_ms.
void append_native_data(std::string& out, const Event& event);

}  // namespace patchbay::engine
