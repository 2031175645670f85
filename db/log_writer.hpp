// The thread that commits batches: at once when it was idle, gathering for a moment when it has
// just committed, so that under load many batches share a transaction.
#pragma once

#include "db/group_commit.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay {

class LogWriter {
public:
    LogWriter(Ledger& ledger, std::chrono::microseconds gather);
    ~LogWriter();  // close()

    // Queues the batches. After close() they come back with `unavailable`, on this thread.
    void submit(std::vector<std::unique_ptr<Batch>> batches);  // [any-thread] never blocks

    // Commits what is queued and ends the thread. Idempotent.
    void close();

private:
    using Group = std::vector<std::unique_ptr<Batch>>;

    void run();
    bool wait_for_group(Group& group);  // false: closed, and nothing is left
    void deliver(Group group);

    GroupCommit commits_;
    StoreCounters& counters_;
    const std::chrono::microseconds gather_;

    std::mutex mutex_;  // of the four below
    std::condition_variable wake_;
    Group queue_;
    bool idle_ = false;  // the thread waits for the first batch
    bool closed_ = false;

    std::chrono::steady_clock::time_point last_commit_{};
    std::jthread thread_;
};

}  // namespace patchbay
