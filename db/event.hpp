// The engine's one vocabulary of events, as the log keeps them.
#pragma once

#include "db/id.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

// Values are written to disk: never change one, only add.
enum class EventKind : uint8_t {
    run_queued = 1,
    run_started = 2,
    message_user = 3,
    status = 4,
    progress = 5,
    delta = 6,
    tool_call = 7,
    tool_result = 8,
    usage = 9,
    metadata = 10,
    custom = 11,
    message_completed = 12,
    run_waiting = 13,
    run_resumed = 14,
    run_recovered = 15,
    attempt_superseded = 16,
    run_completed = 17,
    run_failed = 18,
    run_cancelled = 19,
    run_interrupted = 20,
};

enum class Channel : uint8_t { answer = 0, reasoning = 1 };

std::string_view name_of(EventKind kind);  // "run.queued", … as on the native wire
std::string_view name_of(Channel channel);

constexpr bool ends_run(EventKind kind) { return kind >= EventKind::run_completed; }

// Kept for retention_ms after the run's end only.
constexpr bool is_compactable(EventKind kind) {
    return kind == EventKind::delta || kind == EventKind::status || kind == EventKind::progress;
}

// Survives a power cut under durability "crash" too: user messages, tool records, outcomes.
constexpr bool wants_sync(EventKind kind) {
    return kind == EventKind::message_user || kind == EventKind::tool_call ||
           kind == EventKind::tool_result || kind == EventKind::message_completed ||
           kind == EventKind::run_waiting || kind == EventKind::run_resumed || ends_run(kind);
}

// One event of one run.
struct Event {
    uint64_t seq = 0;  // 1, 2, 3… in its interaction; 0 until the writer has given it one
    int64_t created_at_ms = 0;  // Unix time, set by the lane that made it
    RunId run;
    uint32_t attempt = 1;
    EventKind kind = EventKind::delta;
    Channel channel = Channel::answer;  // of a delta

    // delta: the text itself (UTF-8). Every other kind: its payload, one JSON object.
    std::string body;

    // delta only: "" or a JSON object, what the vendor needs back. Others keep it in their payload.
    std::string extra;
};

}  // namespace patchbay
