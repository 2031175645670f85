#include "db/event.hpp"

namespace patchbay {

std::string_view name_of(EventKind kind) {
    switch (kind) {
        case EventKind::run_queued: return "run.queued";
        case EventKind::run_started: return "run.started";
        case EventKind::message_user: return "message.user";
        case EventKind::status: return "status";
        case EventKind::progress: return "progress";
        case EventKind::delta: return "delta";
        case EventKind::tool_call: return "tool.call";
        case EventKind::tool_result: return "tool.result";
        case EventKind::usage: return "usage";
        case EventKind::metadata: return "metadata";
        case EventKind::custom: return "custom";
        case EventKind::message_completed: return "message.completed";
        case EventKind::run_waiting: return "run.waiting";
        case EventKind::run_resumed: return "run.resumed";
        case EventKind::run_recovered: return "run.recovered";
        case EventKind::attempt_superseded: return "attempt.superseded";
        case EventKind::run_completed: return "run.completed";
        case EventKind::run_failed: return "run.failed";
        case EventKind::run_cancelled: return "run.cancelled";
        case EventKind::run_interrupted: return "run.interrupted";
    }
    return "unknown";
}

std::string_view name_of(Channel channel) {
    return channel == Channel::reasoning ? "reasoning" : "answer";
}

}  // namespace patchbay
