#include "runtime/net/deadlines.hpp"

#include <pthread.h>

namespace patchbay::net {

Deadlines::Deadlines() : thread_([this](const std::stop_token& stop) { run(stop); }) {
    pthread_setname_np(thread_.native_handle(), "deadlines");
}

Deadlines::~Deadlines() { stop(); }

Deadlines::Id Deadlines::after(Clock::duration delay, Task task) {
    bool is_first = false;
    Id id{.when = Clock::now() + delay};
    {
        const std::lock_guard lock(mutex_);
        id.number = ++last_number_;
        if (stopped_) return id;
        const auto place = waiting_.emplace(id, std::move(task)).first;
        is_first = place == waiting_.begin();
    }
    if (is_first) earlier_.notify_one();
    return id;
}

bool Deadlines::cancel(const Id& id) {
    std::map<Id, Task>::node_type cancelled;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    cancelled = waiting_.extract(id);
    return !cancelled.empty();
}

void Deadlines::stop() {
    std::map<Id, Task> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(waiting_);
    }
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void Deadlines::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        if (waiting_.empty()) {
            earlier_.wait(lock, stop, [this] { return !waiting_.empty(); });
            continue;
        }
        const auto next = waiting_.begin()->first;
        if (Clock::now() < next.when) {
            earlier_.wait_until(lock, stop, next.when,
                                [&] { return waiting_.empty() || waiting_.begin()->first < next; });
            continue;
        }
        auto due = waiting_.extract(waiting_.begin());
        lock.unlock();
        due.mapped()();
        due = {};
        lock.lock();
    }
}

}  // namespace patchbay::net
