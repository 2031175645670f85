// Answers that are streams: a new turn, or the rest of one. Shared by every streaming surface.
#pragma once

#include "runtime/engine/turn.hpp"
#include "runtime/http/server.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace patchbay::http {

// Makes the surface's encoder for a run. `is_new`: the interaction was made by this request.
struct StreamStart {
    InteractionId interaction;
    RunId run;  // empty: the whole interaction is watched
    bool is_new = false;
};
struct DialectFactory {
    bool can_replace = true;  // what its dialects answer
    std::move_only_function<std::unique_ptr<engine::Dialect>(const StreamStart&)> make;
};

DialectFactory native_dialects();

// Takes policies, idempotency key, If-Match and trace context from the request's headers.
// bad_request names the header. `body`: what the idempotency key stands for.
Result<void> read_turn_headers(const Call& call, engine::TurnRequest& turn);

// Begins the turn and streams its run; a repeated idempotency key attaches to the run it made.
void stream_turn(Server& server, CallRef call, engine::TurnRequest turn, DialectFactory dialects);

// The same without a stream: 202 with the run's location.
void start_in_background(Server& server, CallRef call, engine::TurnRequest turn);

// Watches: 204 when there is nothing more, 416 beyond the log, 404.
void stream_view(Server& server, CallRef call, engine::ViewRequest view, DialectFactory dialects);

// What a Last-Event-ID of the form RUN_ID:SEQ says.
struct ResumePoint {
    RunId run;
    uint64_t seq = 0;
};

// The request's Last-Event-ID; nothing when it has none; bad_request when it is malformed.
Result<std::optional<ResumePoint>> resume_point_of(const Call& call);
Result<std::optional<uint64_t>> last_seq_of(const Call& call);  // a decimal integer

// Re-attaches to a run after `point`. [worker]
void resume_stream(Server& server, CallRef call, const ResumePoint& point, DialectFactory dialects);

}  // namespace patchbay::http
