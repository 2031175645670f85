// A turn: what a surface asks the engine to do, and what comes of it.
#pragma once

#include "db/records.hpp"
#include "runtime/engine/policies.hpp"

#include <patchbay/error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace patchbay::engine {

class MiddlewareChain;

// One user message and how it is to be answered. A dialect makes it from its own request.
struct TurnRequest {
    std::string surface;  // where it came in: one of config/surfaces.hpp
    std::string owner;
    std::string credential_id;
    Role role = Role::user;
    InteractionId interaction;  // an existing one, or the id of the one to be made
    bool is_new = false;        // make the interaction
    std::string content_json;   // an array of parts, at least one
    std::string agent;          // "" = the interaction's, else the default
    std::string model;          // the same
    std::string method;         // of the agent; "" = chat
    std::string input_json;     // of that method; "" = the content
    std::string options_json = "{}";
    uint32_t max_tokens = 0;  // 0 = the model's own
    OnConflict on_conflict = OnConflict::enqueue;
    OnDisconnect on_disconnect = OnDisconnect::keep_going;
    OnCrash on_crash = OnCrash::resume;
    std::string idempotency_key;       // "" = none
    std::string request_sha256;        // of the body, when there is a key
    std::optional<uint64_t> if_match;  // the last_seq that the caller has seen
    std::string traceparent;
    std::shared_ptr<MiddlewareChain> middleware;  // set by the engine, once it was asked
};

// The run that answers: its user message is committed.
struct TurnStarted {
    InteractionId interaction;
    RunId run;
    uint32_t turn = 0;
    uint64_t before_seq = 0;  // a viewer that starts after this sees the run from its first event
    bool duplicate = false;   // the idempotency key was used before: this is that run
    bool elsewhere = false;   // a duplicate whose interaction may live on another lane
};

// Why a turn was refused, with what the caller needs to go on.
struct TurnRefused {
    Error error;
    RunId active_run;       // conflict: attach to this one
    uint64_t last_seq = 0;  // conflict, precondition_failed
};

using TurnResult = std::expected<TurnStarted, TurnRefused>;

// A run that is open now.
struct StreamInfo {
    InteractionId interaction;
    RunId run;
    std::string owner;
    RunStatus status = RunStatus::running;
    std::string provider;
    std::string model;
    size_t viewers = 0;
    size_t lane = 0;  // its number: what blocks one holds up all on it
    int64_t started_at_ms = 0;
};

struct EngineOptions {
    OnConflict on_conflict = OnConflict::enqueue;  // defaults for surfaces that do not say
    OnCrash on_crash = OnCrash::resume;
    size_t queue_limit = 8;
    std::chrono::milliseconds grace{30000};
    std::chrono::milliseconds run_timeout{600000};
    uint32_t attempts_limit = 5;  // crashes that one run may live through
    uint64_t token_budget = 0;    // of a run and all that it asks; 0 = none
    uint64_t points_per_1000_tokens = 10;
    uint64_t default_context_window = 32768;  // tokens, of a model that does not say
};

}  // namespace patchbay::engine
