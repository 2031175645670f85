// The threads for work of plugins that blocks: what is [worker] in the headers runs here.
//
// A job cannot be ended from outside. So each instance has threads of its own, made when its jobs
// want them: jobs that hang hold up those of their instance alone. The pool is apart from the
// server's own workers, too, and a server that stops leaves behind what does not end.
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/observe/kernel_thread.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace patchbay::plugins {

struct Job {
    const void* whose;                // the instance: only compared
    net::Task run;                    // does not throw
    net::Task report_late = nullptr;  // when it has not returned within late_after; once, on the
                                      // thread of watch(); empty = nobody wants to know
};

struct JobLimits {
    unsigned threads;    // of one instance
    size_t queue_limit;  // jobs of one instance that wait
    std::chrono::milliseconds late_after = std::chrono::seconds(60);
    std::chrono::milliseconds linger = std::chrono::seconds(10);  // of a thread without work
};

class JobPool {
public:
    explicit JobPool(const JobLimits& limits);
    ~JobPool();  // waits for what runs, for ever
    JobPool(const JobPool&) = delete;
    JobPool& operator=(const JobPool&) = delete;

    // False when `queue_limit` jobs of this instance wait already, after stop(), or when there are
    // no threads to be had: then it is not run. [any-thread]
    [[nodiscard]] bool post(Job job);

    // Looks after what runs: to be called now and then. [any-thread]
    void watch();

    // Takes no more; what waits is still run. True when all has been, within the time. Idempotent.
    bool stop(std::chrono::milliseconds patience);

    size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }  // [any-thread]
    size_t running() const { return running_.load(std::memory_order_relaxed); }  // [any-thread]

private:
    using Clock = std::chrono::steady_clock;
    struct Worker {
        std::jthread thread;
        observe::KernelThread kernel_thread;
        Clock::time_point began;
        net::Task report_late;  // of the job that runs; empty = nothing to say
    };
    using Workers = std::list<Worker>;
    struct Share {  // of one instance
        std::deque<Job> queue;
        std::condition_variable ready;
        unsigned threads = 0;
        unsigned idle = 0;
    };
    using Shares = std::map<const void*, Share>;

    bool start_thread(Shares::iterator share);
    void run(Shares::iterator share, Workers::iterator self);
    void run_next(Share& share, Worker& self, std::unique_lock<std::mutex>& lock);

    const JobLimits limits_;
    std::mutex mutex_;  // guards what follows, but for the counters
    std::condition_variable ended_;
    bool stopping_ = false;
    Shares shares_;
    std::atomic<size_t> waiting_{0};
    std::atomic<size_t> running_{0};
    Workers workers_;
    Workers gone_;  // have no more to do, and are to be joined
};

}  // namespace patchbay::plugins
