// The ends of the logs that are not folded into segments yet, in memory.
//
// Their events are in the journal too. Reading them back from there would cost a whole journal row
// (the events of every run that was in that commit) for each token of one run; kept here, in the
// form that segments have, they cost a few bytes each and folding copies them as they are.
//
// Threads    changes are made by who holds the ledger's lock (ledger.hpp), and are seen whole: they
//            also take lock(). view() and last_seq() may be called from any thread.
#pragma once

#include "db/segment.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace patchbay {

// Successive events of one run. In the order of seq they make the end of an interaction's log.
struct LiveStretch {
    RunId run;
    int64_t first_row = 0;  // the journal row of its first event
    SegmentWriter events;
};

struct LiveLog {
    InteractionId id;
    uint64_t last_seq = 0;    // committed
    uint64_t staged_seq = 0;  // given out in the transaction that is being made
    std::vector<RunId> open_runs;
    std::vector<LiveStretch> stretches;            // everything after what is folded
    size_t bytes = 0;                              // of all stretches
    std::chrono::steady_clock::time_point oldest;  // when the first stretch began
    bool due = false;                              // to be folded

    bool has_open_run(const RunId& run) const;
};

// What a reader sees of a log's end, taken at one moment.
struct LiveView {
    uint64_t last_seq = 0;
    struct Part {
        RunId run;
        uint64_t first_seq = 0;
        uint64_t last_seq = 0;
        std::string unsealed;
    };
    std::vector<Part> parts;
};

class LiveLogs {
public:
    std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

    // ---- the ledger's lock is held ----

    LiveLog* find(const InteractionId& id);
    size_t size() const { return logs_.size(); }

    // ---- the ledger's lock and lock() are held ----

    LiveLog& add(const InteractionId& id, uint64_t last_seq);
    void append(LiveLog& log, const RunId& run, std::span<const Event> events, int64_t row,
                std::chrono::steady_clock::time_point now);
    void open_run(LiveLog& log, const RunId& run);
    void close_run(LiveLog& log, const RunId& run);  // and makes the log due
    void mark_due(LiveLog& log);  // where there is something to fold or to forget
    void mark_all_due();
    void mark_due_before(std::chrono::steady_clock::time_point limit);  // logs with older events
    void settle();  // after a recovery: seqs go on from the last, idle logs go, the others are due
    void folded(LiveLog& log);       // its stretches are in segments now
    void forget_idle(LiveLog& log);  // forgets it when no run is open and nothing is unfolded
    void forget(const InteractionId& id);

    // Up to `most` logs that are due; they stay due until folded().
    std::vector<LiveLog*> due_logs(size_t most);

    // The first journal row that some log still needs; nothing when none is needed.
    std::optional<int64_t> oldest_row() const;

    // ---- any thread ----

    // The events after `after`; nothing when the interaction has no live end.
    std::optional<LiveView> view(const InteractionId& id, uint64_t after) const;
    std::optional<uint64_t> last_seq(const InteractionId& id) const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<InteractionId, std::unique_ptr<LiveLog>> logs_;
    std::vector<InteractionId> due_;
};

}  // namespace patchbay
