// The rows that the projections are made of.
#pragma once

#include "db/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay {

struct InteractionRecord {
    InteractionId id;
    std::string owner;
    std::string title;
    std::string agent;
    std::string model;
    uint64_t last_seq = 0;
    uint64_t compacted_to = 0;  // delta, status and progress events up to this seq may be gone
    uint32_t turns = 0;         // the highest turn that a run has had
    int64_t created_at_ms = 0;
    int64_t updated_at_ms = 0;
    std::string metadata_json = "{}";
};

// queued → running ⇄ waiting → one of the last four. Written to disk: only add.
enum class RunStatus : uint8_t {
    queued = 1,
    running = 2,
    waiting = 3,
    completed = 4,
    failed = 5,
    cancelled = 6,
    interrupted = 7,
};

std::string_view name_of(RunStatus status);
constexpr bool is_open(RunStatus status) { return status <= RunStatus::waiting; }

struct Usage {
    uint64_t prompt_tokens = 0;
    uint64_t completion_tokens = 0;
    uint64_t cached_tokens = 0;
    uint64_t cache_write_tokens = 0;
    uint64_t reasoning_tokens = 0;
    bool estimated = false;

    bool operator==(const Usage&) const = default;
};

using SeqRange = std::pair<uint64_t, uint64_t>;  // from, to: both inclusive

struct RunRecord {
    RunId id;
    InteractionId interaction;
    uint32_t turn = 0;  // 1, 2, 3… in its interaction
    RunStatus status = RunStatus::queued;
    uint32_t attempt = 1;
    uint64_t first_seq = 0;  // of its first event (others may lie between its events)
    uint64_t last_seq = 0;   // of its last event; 0 while it is open
    std::string agent;
    std::string provider;      // the instance that answered; "" until it started
    std::string model;         // the id as the provider knows it
    std::string request_json;  // the engine's own: what a recovery needs to start it again
    Usage usage;
    std::optional<int64_t> cost_micros;  // nothing when the price is not known
    std::string error_json;              // "" or {code, message, recoverable}
    std::vector<SeqRange> superseded;    // seqs whose text a later attempt replaced
    std::string owner_node = "local";
    int64_t epoch = 1;
    int64_t started_at_ms = 0;
    int64_t ended_at_ms = 0;
};

enum class MessageStatus : uint8_t { complete = 1, partial = 2, rolled_back = 3 };

std::string_view name_of(MessageStatus status);

struct MessageRecord {
    MessageId id;
    InteractionId interaction;
    RunId run;
    uint32_t turn = 0;
    uint64_t seq = 0;          // of the event that made it
    MessageId parent;          // empty for the first
    std::string role;          // "user" | "assistant" | "system" | "tool"
    std::string content_json;  // an array of parts
    MessageStatus status = MessageStatus::complete;
    int64_t created_at_ms = 0;
};

struct MessagePage {
    std::vector<MessageRecord> items;
    bool more = false;  // there are further ones behind the last
};

enum class Role : uint8_t { user = 1, premium = 2, admin = 3 };

std::string_view name_of(Role role);
std::optional<Role> role_named(std::string_view text);

struct CredentialRecord {
    std::string id;      // the public part of the key
    std::string sha256;  // 32 bytes, of the whole key
    std::string owner;   // "user:alice"
    std::string name;    // unique among those not revoked
    Role role = Role::user;
    int64_t created_at_ms = 0;
    int64_t revoked_at_ms = 0;  // 0 = valid
};

}  // namespace patchbay
