// The threads for work of plugins that blocks: what is [worker] in the headers runs here.
//
// A job cannot be ended from outside. So the pool is apart from the server's own workers, and a
// server that stops leaves behind what does not end.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay::plugins {

class JobPool {
public:
    JobPool(unsigned threads, size_t queue_limit);
    ~JobPool();  // waits for what runs, for ever
    JobPool(const JobPool&) = delete;
    JobPool& operator=(const JobPool&) = delete;

    // False when `queue_limit` jobs wait already, or after stop(): then it is not run. A job does
    // not throw. [any-thread]
    [[nodiscard]] bool post(net::Task job);

    // Takes no more; what waits is still run. True when all has been, within the time. Idempotent.
    bool stop(std::chrono::milliseconds patience);

    size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }  // [any-thread]
    size_t running() const { return running_.load(std::memory_order_relaxed); }  // [any-thread]

private:
    void run();

    const size_t queue_limit_;
    std::mutex mutex_;  // guards queue_, stopping_ and live_
    std::condition_variable ready_;
    std::condition_variable ended_;
    std::deque<net::Task> queue_;
    bool stopping_ = false;
    unsigned live_ = 0;  // threads that have not ended
    std::atomic<size_t> waiting_{0};
    std::atomic<size_t> running_{0};
    std::vector<std::jthread> threads_;
};

}  // namespace patchbay::plugins
