#include "runtime/plugins/job_pool.hpp"

#include "runtime/plugins/breadcrumb.hpp"

#include <pthread.h>

#include <utility>

namespace patchbay::plugins {

JobPool::JobPool(unsigned threads, size_t queue_limit) : queue_limit_(queue_limit), live_(threads) {
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
        pthread_setname_np(threads_.back().native_handle(), "plugin-jobs");
    }
}

JobPool::~JobPool() { stop(std::chrono::milliseconds(0)); }

bool JobPool::post(net::Task job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queue_limit_) return false;
        queue_.push_back(std::move(job));
        waiting_.store(queue_.size(), std::memory_order_relaxed);
    }
    ready_.notify_one();
    return true;
}

bool JobPool::stop(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    ready_.notify_all();
    return ended_.wait_for(lock, patience, [this] { return live_ == 0; });
}

void JobPool::run() {
    CallMark::of_this_thread();  // and with it a stack for signal handlers
    std::unique_lock lock(mutex_);
    while (true) {
        ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) break;
        net::Task job = std::move(queue_.front());
        queue_.pop_front();
        waiting_.store(queue_.size(), std::memory_order_relaxed);
        lock.unlock();
        running_.fetch_add(1, std::memory_order_relaxed);
        job();
        job = nullptr;  // what it holds goes without the lock too
        running_.fetch_sub(1, std::memory_order_relaxed);
        lock.lock();
    }
    if (--live_ == 0) ended_.notify_all();
}

}  // namespace patchbay::plugins
