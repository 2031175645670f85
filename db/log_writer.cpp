#include "db/log_writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace patchbay {

LogWriter::LogWriter(Ledger& ledger, std::chrono::microseconds gather)
    : commits_(ledger), counters_(ledger.counters), gather_(gather), thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "log-writer");
}

LogWriter::~LogWriter() { close(); }

void LogWriter::submit(std::vector<std::unique_ptr<Batch>> batches) {
    counters_.batches_submitted += batches.size();
    uint64_t events = 0;
    for (const auto& batch : batches) events += batch->events.size();
    counters_.events_enqueued += events;
    std::unique_lock lock(mutex_);
    if (!closed_) {
        if (queue_.empty()) {
            queue_ = std::move(batches);
        } else {
            queue_.insert(queue_.end(), std::make_move_iterator(batches.begin()),
                          std::make_move_iterator(batches.end()));
        }
        const bool wake = std::exchange(idle_, false);
        lock.unlock();
        if (wake) wake_.notify_one();
        return;
    }
    lock.unlock();
    for (const auto& batch : batches) {
        batch->error = Error{.code = ErrorCode::unavailable, .message = "the store is closed"};
    }
    deliver(std::move(batches));
}

void LogWriter::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        idle_ = false;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void LogWriter::run() {
    Group group;
    while (wait_for_group(group)) {
        commits_.commit(group);
        last_commit_ = std::chrono::steady_clock::now();
        deliver(std::exchange(group, {}));
    }
}

bool LogWriter::wait_for_group(Group& group) {
    std::unique_lock lock(mutex_);
    // First of all, so that under load each commit is one sleep: those that come while we gather
    // wake nobody, because idle_ is false.
    wake_.wait_until(lock, last_commit_ + gather_, [this] { return closed_; });
    while (queue_.empty() && !closed_) {
        idle_ = true;
        wake_.wait(lock, [this] { return !idle_; });
    }
    group.swap(queue_);
    return !group.empty();
}

// One call a sink, in the order of submission.
void LogWriter::deliver(Group group) {
    const auto failed = static_cast<uint64_t>(std::count_if(
        group.begin(), group.end(), [](const auto& batch) { return batch->error.has_value(); }));
    for (const auto& batch : group) {
        if (batch->error) counters_.events_refused += batch->events.size();
    }
    counters_.batches_failed += failed;
    counters_.batches_committed += group.size() - failed;

    std::vector<std::pair<CommitSink*, Group>> by_sink;  // a sink a lane: a handful
    for (auto& batch : group) {
        if (!batch->sink) continue;
        auto found = std::find_if(by_sink.begin(), by_sink.end(),
                                  [&](const auto& entry) { return entry.first == batch->sink; });
        if (found == by_sink.end()) found = by_sink.insert(found, {batch->sink, Group{}});
        found->second.push_back(std::move(batch));
    }
    for (auto& [sink, batches] : by_sink) sink->on_commit(std::move(batches));
}

}  // namespace patchbay
