// The store: one append-only log of events per interaction, and its projections.
//
// Promise    append, commit, then deliver: a batch comes back through its CommitSink when it is
//            committed (and synced, where its events want that), with its seqs. A failed
//            transaction consumes no seq.
// Threads    submit() and the functions under "writes" may be called from any thread; those under
//            "reads" too. Reads and writes block (SQL, a commit): call them on workers, never on a
//            lane. submit() does not block.
// Life       sinks, and the batches' contexts, must outlive the store's close().
#pragma once

#include "db/records.hpp"

#include <patchbay/error.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace patchbay {

// ---- what a batch writes beside its events, in the same transaction ----

struct InsertInteraction {
    InteractionRecord record;
};

struct InsertRun {
    RunRecord record;
};  // first_seq is filled in: the batch's first event

// Overwrites what a run's row says: every column but id, interaction, turn and first_seq. A
// terminal status also sets last_seq (the batch's last event), and lets the store fold the run's
// journal rows into a segment.
struct UpdateRun {
    RunRecord record;
};

// `event` is the index, in the batch, of the event that made the message: its seq is filled in.
struct InsertMessage {
    MessageRecord record;
    size_t event = 0;
};

// All messages of a run get this status (rollback).
struct SetMessageStatus {
    RunId run;
    MessageStatus status = MessageStatus::rolled_back;
};

// Refuses the whole batch (Batch::duplicate_of) when this owner has used the key in 24 h.
struct ClaimIdempotencyKey {
    std::string owner;
    std::string key;
    std::string request_sha256;
};

using Projection = std::variant<InsertInteraction, InsertRun, UpdateRun, InsertMessage,
                                SetMessageStatus, ClaimIdempotencyKey>;

// Events of one run, to be committed together, in order.
struct Batch {
    InteractionId interaction;
    RunId run;
    std::vector<Event> events;            // after the commit: with their seqs
    std::vector<Projection> projections;  // empty on the token path
    uint64_t last_seq = 0;                // after the commit: the interaction's

    std::optional<Error> error;  // storage: nothing of this batch was written

    // Set together with error conflict: the key was used before, by this run, for this request.
    struct Duplicate {
        RunId run;
        InteractionId interaction;
        std::string request_sha256;
    };
    std::optional<Duplicate> duplicate_of;

    class CommitSink* sink = nullptr;  // who hears of it
    void* context = nullptr;           // the sender's own
};

// Receives committed (or refused) batches. Called on the writer's thread, once per commit and
// sink, in the order of submission: hand them over to your own thread and return at once.
class CommitSink {
public:
    virtual ~CommitSink() = default;
    virtual void on_commit(std::vector<std::unique_ptr<Batch>> batches) = 0;
};

// A run that was open when the store was last closed or killed.
struct OpenRun {
    RunRecord run;
    InteractionRecord interaction;  // with its last_seq as the log has it
};

struct EventPage {
    std::vector<Event> events;  // in the order of seq
    uint64_t read_to = 0;       // every event up to here was looked at (a filter may skip some)
    uint64_t compacted_to = 0;  // of the interaction
};

struct InteractionPage {
    std::vector<InteractionRecord> items;  // newest first
    std::string next;                      // opaque; "" = that was all
};

// What one plugin instance may keep: keys and values together.
constexpr uint64_t instance_space = 64ull * 1024 * 1024;

// One change of what a plugin instance keeps. `instance` is its name in the config.
struct ValueChange {
    std::string instance;
    std::string key;
    std::optional<std::string> value;  // none: the key goes, if it is there
    int64_t expires_at_ms = 0;         // from then on it is as if it had gone; 0 = never
};

// Which keys of an instance: those that begin with `prefix` and come after `after`, by their bytes.
struct KeyRange {
    std::string instance;
    std::string prefix;
    std::string after;  // "" = from the first
    size_t limit = 0;
};

struct StoreCounters {
    std::atomic<uint64_t> batches_submitted{0};
    std::atomic<uint64_t> batches_committed{0};
    std::atomic<uint64_t> batches_failed{0};
    std::atomic<uint64_t> events_enqueued{0};  // handed in; again when a batch comes anew
    std::atomic<uint64_t> events_committed{0};
    std::atomic<uint64_t> events_refused{0};  // at rest: enqueued - committed
    std::atomic<uint64_t> commits{0};
    std::atomic<uint64_t> syncs{0};
    std::atomic<uint64_t> commit_nanoseconds{0};  // sum over all commits
    std::atomic<uint64_t> journal_rows{0};
    std::atomic<uint64_t> file_bytes{0};
    std::atomic<uint64_t> maintenance_failures{0};  // folding, compaction, checkpoints: tried again
};

class Store {
public:
    virtual ~Store() = default;

    // ---- the log ----

    // Queues the batches, in order. The sender bounds the queue: the engine keeps one batch per run
    // in flight. After close() they come back with `unavailable`, on the caller's thread. Events of
    // a run that is not open are refused with `conflict`.
    virtual void submit(std::vector<std::unique_ptr<Batch>> batches) = 0;

    // False while the store is full or failing: new runs are refused with 503.
    virtual Result<void> admits_runs() const = 0;  // [any-thread] never blocks

    // ---- reads (workers) ----

    // The runs that were open at the last end, in the order of (interaction, turn). Once, before
    // the first submit().
    virtual Result<std::vector<OpenRun>> open_runs() = 0;

    // Events after `after`, at most `max_events` and about `max_bytes` of bodies, but at least one
    // where there is one; only those of `run` when it is given. Live runs included.
    virtual Result<EventPage> events(const InteractionId& id, uint64_t after, size_t max_events,
                                     size_t max_bytes, const std::optional<RunId>& run) = 0;

    virtual Result<InteractionRecord> interaction(const InteractionId& id) = 0;
    virtual Result<InteractionPage> interactions(const std::string& owner, size_t limit,
                                                 const std::string& page) = 0;
    virtual Result<RunRecord> run(const RunId& id) = 0;
    virtual Result<std::vector<RunRecord>> open_runs_of(const InteractionId& id) = 0;

    // The run for which this owner has used the key in the last 24 h; nothing when it is unused.
    virtual Result<std::optional<Batch::Duplicate>> find_idempotent(const std::string& owner,
                                                                    const std::string& key) = 0;

    // In the order of (turn, seq), after the message `after` (empty: from the first): up to `limit`
    // of them, and no further one once their contents have `max_bytes`.
    virtual Result<MessagePage> messages(const InteractionId& id, const MessageId& after,
                                         size_t limit, size_t max_bytes) = 0;

    // The newest messages of turns before `before_turn`, rolled-back ones left out, until about
    // `max_bytes` of content or `limit` messages; returned oldest first.
    virtual Result<std::vector<MessageRecord>> recent_messages(const InteractionId& id,
                                                               uint32_t before_turn, size_t limit,
                                                               size_t max_bytes) = 0;

    // ---- writes that are no events (workers): return when committed and synced ----

    virtual Result<void> insert_interaction(const InteractionRecord& record) = 0;  // conflict
    virtual Result<InteractionRecord> update_interaction(
        const InteractionId& id, std::optional<std::string> title,
        std::optional<std::string> metadata_json) = 0;                     // not_found
    virtual Result<void> delete_interaction(const InteractionId& id) = 0;  // all of it, for good

    virtual Result<void> insert_credential(const CredentialRecord& record) = 0;  // conflict: name
    virtual Result<void> revoke_credential(const std::string& id, int64_t now_ms) = 0;
    virtual Result<std::vector<CredentialRecord>> credentials() = 0;

    // ---- what plugin instances keep (workers) ----

    // The value of a key; nothing when there is none, or it has expired.
    virtual Result<std::optional<std::string>> value(const std::string& instance,
                                                     const std::string& key) = 0;
    virtual Result<std::vector<std::string>> keys(const KeyRange& range) = 0;  // in order

    // Commits the changes, in order, as one transaction; it is as durable as a token: it survives
    // a killed process, and with durability "power_loss" a power cut. As many results as changes:
    // `storage` for each that was not done, the others are committed.
    virtual std::vector<Result<void>> change_values(std::span<const ValueChange> changes) = 0;

    // A consistent copy of the whole store as one new file; conflict when the file exists.
    virtual Result<void> backup(const std::string& path) = 0;

    virtual const StoreCounters& counters() const = 0;

    // Commits what is queued, folds, checkpoints, closes. Idempotent.
    virtual void close() = 0;
};

struct StoreOptions {
    std::string data_dir;     // made when missing (0700); holds patchbay.db and lock
    bool power_loss = false;  // durability: sync every batch
    std::chrono::milliseconds retention = std::chrono::minutes(15);
    uint64_t max_bytes = 0;  // 0 = 80 % of the disk
    std::chrono::microseconds gather = std::chrono::milliseconds(2);
    bool read_only = false;  // `patchbay events`: no lock, no writer, no migration
    std::string vfs;         // a registered SQLite VFS; "" = the system's own
};

// Opens (and migrates, recovers and locks) the store in options.data_dir. Errors, each a sentence
// that says what to do: folder not writable, locked by another server, database newer than this
// binary, not a database.
Result<std::unique_ptr<Store>> open_sqlite_store(const StoreOptions& options);

}  // namespace patchbay
