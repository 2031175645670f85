// The connection that writes, and the live logs, which change together: a change is committed in
// the database first, and enters the live logs before the lock is released. So under the lock the
// segments of an interaction, followed by its live log, are its whole log.
#pragma once

#include "db/database.hpp"
#include "db/live_logs.hpp"

#include <atomic>
#include <mutex>

namespace patchbay {

struct StoreCounters;

struct Ledger {
    std::mutex mutex;  // for every change
    std::unique_ptr<Database> database;
    LiveLogs live;
    StoreCounters& counters;
    bool power_loss = false;            // every commit of events is synced
    int64_t last_row = 0;               // the newest journal row, since the store was opened
    std::atomic<bool> failing{false};   // the last commit failed
    std::atomic<bool> full{false};      // beyond max_bytes, and nothing left to compact
    std::atomic<bool> in_doubt{false};  // a sync has failed: see begin_commit.hpp
};

}  // namespace patchbay
