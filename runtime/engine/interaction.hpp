// An interaction on its home lane: its runs, its live window and its viewers.
//
// Life       made when somebody needs it, dropped when no run is open, nobody watches it and
//            nothing pins it.
// Threads    [lane] all of it.
#pragma once

#include "runtime/engine/live_window.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/viewer.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace patchbay::engine {

class Shard;

// The answer to a request whose idempotency key was used before: that run, or a mismatch.
TurnResult started_before(const Batch::Duplicate& duplicate, const std::string& request_sha256);

class Interaction {
public:
    // `persisted` is false for one whose first commit is still to come.
    Interaction(Shard& shard, InteractionRecord record, MessageId last_message, bool persisted);

    Shard& shard() { return shard_; }
    const InteractionId& id() const { return record_.id; }
    const InteractionRecord& record() const { return record_; }
    InteractionRecord& record() { return record_; }
    uint64_t last_seq() const { return record_.last_seq; }
    const MessageId& last_message() const { return last_message_; }
    const LiveWindow& window() const { return window_; }

    // ---- turns ----

    using Done = std::move_only_function<void(TurnResult)>;

    // Begins a turn; `done` hears when the user's message is committed, or why not.
    void begin_turn(TurnRequest request, Result<TurnChoice> choice, Done done);

    // Takes over a run that was open when the server died. In the order of turns.
    void adopt(RunRecord record, RunRequest request, TurnChoice choice);
    void recover();  // once, after the last adopt()

    Run* find_run(const RunId& id);
    Run* active();  // the run that is running or ending; nullptr = none
    bool has_open_runs() const { return !runs_.empty(); }
    void run_ended(Run& run);     // its outcome is committed; the run goes away later
    void begin_failed(Run& run);  // its first batch was refused: it never was
    void start_next();            // when the first of the queue can run now
    void on_commit(Run& run, Batch& batch);
    void interrupt_runs(std::string_view reason);  // the running one; queued ones stay queued
    void cancel_all(CancelledBy by, std::move_only_function<void()> done);  // then no turn begins
    void removed(bool done);  // it is gone from the store; or not, then it lives on
    void let_go();            // the server stops: viewers and providers go
    bool is_running();        // something moves in it: a run that only waits for a person does not
    void list_runs(std::vector<StreamInfo>& infos) const;

    // ---- viewers ----

    void add_viewer(ViewerSpec spec);
    void viewer_ended(Viewer& viewer, bool left);
    void note_compaction(uint64_t compacted_to);
    void read_page_for(Viewer& viewer, uint64_t after, const std::optional<RunId>& only);
    void end_viewers(const Error* error, bool only_idle);
    bool viewers_full(const RunId& run) const;  // some watch, and none of them has room
    size_t viewers_of(const RunId& run) const;
    void note_full_viewer() { some_viewer_was_full_ = true; }
    void relieve();

    // ---- life ----

    void pin() { ++pins_; }
    void unpin();
    bool idle() const;
    void sweep();  // destroys what has ended; from the shard, with nothing of it on the stack

private:
    std::optional<TurnRefused> refusal_of(const TurnRequest& request) const;
    Run* find_run_with_key(const std::string& key);
    void join_run_with_key(Run& run, const TurnRequest& request, Done done);
    Run& make_run(const TurnRequest& request, const TurnChoice& choice);
    void on_begun(const RunId& run, OnConflict policy, const Begun& begun, Done done);
    void push_aside(const RunId& newcomer, OnConflict policy);
    void remove_run(Run& run);
    void deliver();
    void tell_runs_of_viewers();
    Viewer* find_viewer(uint64_t viewer);

    Shard& shard_;
    InteractionRecord record_;
    MessageId last_message_;  // the next user message's parent
    bool persisted_;
    std::deque<std::unique_ptr<Run>> runs_;   // open ones, in the order of turn
    std::vector<std::unique_ptr<Run>> gone_;  // ended; destroyed on a later turn
    std::vector<std::unique_ptr<Viewer>> viewers_;
    bool some_viewer_was_full_ = false;  // when they were last shown something: false = none is
    LiveWindow window_;
    uint64_t next_viewer_ = 1;
    int pins_ = 0;
    bool closing_ = false;  // it is being removed: no turn begins any more
};

}  // namespace patchbay::engine
