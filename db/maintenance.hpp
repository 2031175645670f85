// The thread that keeps the store small, off the hot path: checkpoints, folding, compaction, the
// size limit, and the probe that finds out whether a failing store takes writes again.
//
// It works in steps of about a millisecond under the ledger's lock, with a pause after each.
#pragma once

#include "db/ledger.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace patchbay {

class Maintenance {
public:
    struct Options {
        std::chrono::milliseconds retention;
        uint64_t max_bytes;  // of the pages in use; the write-ahead log comes on top
    };

    // `database` is a connection of its own; the ledger must outlive this.
    Maintenance(Ledger& ledger, std::unique_ptr<Database> database, Options options);
    ~Maintenance();  // stop()

    void stop();  // idempotent

private:
    using Clock = std::chrono::steady_clock;

    void run();
    Result<void> tick();
    Result<void> checkpoint();
    Result<bool> step();
    Result<void> look_around();
    Result<void> check_size();
    bool pause(Clock::duration time);  // false: stop

    Ledger& ledger_;
    std::unique_ptr<Database> database_;
    const Options options_;
    Clock::time_point next_look_{};
    Clock::time_point next_purge_{};
    bool over_limit_ = false;

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::jthread thread_;
};

}  // namespace patchbay
