#include "runtime/net/workers.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace patchbay::net {
namespace {

// The request loop's last line: what one request throws must not end the server. Its exchange
// answers 500 when it goes.
void run_guarded(Task& task) {
    try {
        task();
    } catch (const std::exception& thrown) {
        spdlog::error("a worker's task threw: {}", thrown.what());
    } catch (...) {
        spdlog::error("a worker's task threw");
    }
}

}  // namespace

Workers::Workers(unsigned threads, size_t queue_limit) : queue_limit_(queue_limit) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() { stop(); }

bool Workers::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queue_limit_) return false;
        queue_.push_back(std::move(task));
    }
    ready_.notify_one();
    return true;
}

bool Workers::post_anyway(Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        queue_.push_back(std::move(task));
    }
    ready_.notify_one();
    return true;
}

void Workers::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_all();
    threads_.clear();  // joins
}

void Workers::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        Task task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        run_guarded(task);
        task = nullptr;  // what it holds goes without the lock too
        lock.lock();
    }
}

}  // namespace patchbay::net
