// A small pool of threads for what may block: SQL reads, parsing of large bodies.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay::net {

class Workers {
public:
    Workers(unsigned threads, size_t queue_limit);
    ~Workers();  // stop()

    // False when `queue_limit` tasks wait already, or after stop(): the caller answers 503.
    [[nodiscard]] bool post(Task task);  // [any-thread]

    // For work that has begun and must go on (a replay's next page): beyond the limit too. False
    // only after stop().
    [[nodiscard]] bool post_anyway(Task task);  // [any-thread]

    void stop();  // runs what is queued, then joins; idempotent

private:
    void run();

    const size_t queue_limit_;
    std::mutex mutex_;  // guards queue_ and stopping_
    std::condition_variable ready_;
    std::deque<Task> queue_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace patchbay::net
