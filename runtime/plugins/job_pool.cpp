#include "runtime/plugins/job_pool.hpp"

#include "runtime/plugins/breadcrumb.hpp"

#include <pthread.h>

#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace patchbay::plugins {

JobPool::JobPool(const JobLimits& limits) : limits_(limits) {}

JobPool::~JobPool() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    for (auto& [whose, share] : shares_) share.ready.notify_all();
    ended_.wait(lock, [this] { return workers_.empty(); });
}

bool JobPool::post(Job job) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    const auto place = shares_.try_emplace(job.whose).first;
    auto& share = place->second;
    if (share.queue.size() >= limits_.queue_limit) return false;
    const bool wants_thread = share.queue.size() >= share.idle && share.threads < limits_.threads;
    if (wants_thread && !start_thread(place) && share.threads == 0) {
        shares_.erase(place);
        return false;
    }
    share.queue.push_back(std::move(job));
    waiting_.fetch_add(1, std::memory_order_relaxed);
    share.ready.notify_one();
    return true;
}

// The new thread waits for the lock that its maker holds.
bool JobPool::start_thread(Shares::iterator share) {
    const auto self = workers_.emplace(workers_.end());
    try {
        self->thread = std::jthread([this, share, self] { run(share, self); });
    } catch (const std::system_error&) {
        workers_.erase(self);
        return false;
    }
    pthread_setname_np(self->thread.native_handle(), "plugin-jobs");
    ++share->second.threads;
    return true;
}

// Threads are joined here, when that takes no time: a plugin may hang in a thread's end, too.
void JobPool::watch() {
    std::vector<net::Task> late;
    Workers gone;
    {
        const std::lock_guard lock(mutex_);
        for (auto worker = gone_.begin(); worker != gone_.end();) {
            const auto next = std::next(worker);
            if (worker->kernel_thread.is_gone()) gone.splice(gone.end(), gone_, worker);
            worker = next;
        }
        const auto now = Clock::now();
        for (auto& worker : workers_) {
            if (worker.report_late && now - worker.began >= limits_.late_after)
                late.push_back(std::exchange(worker.report_late, nullptr));
        }
    }
    for (auto& report : late) report();
}

bool JobPool::stop(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    for (auto& [whose, share] : shares_) share.ready.notify_all();
    return ended_.wait_for(lock, patience, [this] { return workers_.empty(); });
}

void JobPool::run(Shares::iterator place, Workers::iterator self) {
    CallMark::of_this_thread();  // and with it a stack for signal handlers
    self->kernel_thread.set();
    std::unique_lock lock(mutex_);
    auto& share = place->second;
    while (true) {
        ++share.idle;
        share.ready.wait_for(lock, limits_.linger,
                             [&] { return stopping_ || !share.queue.empty(); });
        --share.idle;
        if (share.queue.empty()) break;
        run_next(share, *self, lock);
    }
    if (--share.threads == 0) shares_.erase(place);
    gone_.splice(gone_.end(), workers_, self);
    if (workers_.empty()) ended_.notify_all();
}

void JobPool::run_next(Share& share, Worker& self, std::unique_lock<std::mutex>& lock) {
    Job job = std::move(share.queue.front());
    share.queue.pop_front();
    self.began = Clock::now();
    self.report_late = std::move(job.report_late);
    lock.unlock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    running_.fetch_add(1, std::memory_order_relaxed);
    job.run();
    running_.fetch_sub(1, std::memory_order_relaxed);
    job.run = nullptr;  // what it holds goes without the lock too, as the next
    lock.lock();
    auto unsaid = std::exchange(self.report_late, nullptr);
    lock.unlock();
    unsaid = nullptr;
    lock.lock();
}

}  // namespace patchbay::plugins
