#include "db/live_logs.hpp"

#include <algorithm>

namespace patchbay {
namespace {

// Beyond this a log is folded though its run goes on: it bounds the memory of a live run, and how
// long its journal rows are needed.
constexpr size_t due_bytes = 8 * 1024;

}  // namespace

bool LiveLog::has_open_run(const RunId& run) const {
    return std::find(open_runs.begin(), open_runs.end(), run) != open_runs.end();
}

LiveLog* LiveLogs::find(const InteractionId& id) {
    const auto found = logs_.find(id);
    return found == logs_.end() ? nullptr : found->second.get();
}

LiveLog& LiveLogs::add(const InteractionId& id, uint64_t last_seq) {
    auto log = std::make_unique<LiveLog>();
    log->id = id;
    log->last_seq = last_seq;
    log->staged_seq = last_seq;
    return *logs_.insert_or_assign(id, std::move(log)).first->second;
}

void LiveLogs::append(LiveLog& log, const RunId& run, std::span<const Event> events, int64_t row,
                      std::chrono::steady_clock::time_point now) {
    if (events.empty()) return;
    if (log.stretches.empty()) log.oldest = now;
    if (log.stretches.empty() || log.stretches.back().run != run) {
        log.stretches.push_back({.run = run, .first_row = row, .events = {}});
    }
    SegmentWriter& segment = log.stretches.back().events;
    const size_t before = segment.unsealed().size();
    for (const Event& event : events) segment.append(event);
    log.bytes += segment.unsealed().size() - before;
    log.last_seq = events.back().seq;
    if (log.bytes > due_bytes) mark_due(log);
}

void LiveLogs::open_run(LiveLog& log, const RunId& run) {
    if (!log.has_open_run(run)) log.open_runs.push_back(run);
}

void LiveLogs::close_run(LiveLog& log, const RunId& run) {
    std::erase(log.open_runs, run);
    mark_due(log);
}

void LiveLogs::mark_due(LiveLog& log) {
    if (log.due || (log.stretches.empty() && !log.open_runs.empty())) return;
    log.due = true;
    due_.push_back(log.id);
}

void LiveLogs::mark_due_before(std::chrono::steady_clock::time_point limit) {
    for (auto& [id, log] : logs_) {
        if (log->oldest < limit) mark_due(*log);
    }
}

void LiveLogs::mark_all_due() {
    for (auto& [id, log] : logs_) mark_due(*log);
}

void LiveLogs::settle() {
    std::erase_if(logs_, [](const auto& entry) {
        return entry.second->open_runs.empty() && entry.second->stretches.empty();
    });
    for (auto& [id, log] : logs_) log->staged_seq = log->last_seq;
    mark_all_due();
}

void LiveLogs::folded(LiveLog& log) {
    log.stretches = {};
    log.bytes = 0;
    if (log.due) std::erase(due_, log.id);
    log.due = false;
}

void LiveLogs::forget_idle(LiveLog& log) {
    if (log.open_runs.empty() && log.stretches.empty()) forget(log.id);
}

void LiveLogs::forget(const InteractionId& id) {
    const auto found = logs_.find(id);
    if (found == logs_.end()) return;
    if (found->second->due) std::erase(due_, found->second->id);
    logs_.erase(found);
}

std::vector<LiveLog*> LiveLogs::due_logs(size_t most) {
    std::vector<LiveLog*> logs;
    for (size_t i = 0; i < due_.size() && logs.size() < most; ++i) logs.push_back(find(due_[i]));
    return logs;
}

std::optional<int64_t> LiveLogs::oldest_row() const {
    std::optional<int64_t> oldest;
    for (const auto& [id, log] : logs_) {
        if (log->stretches.empty()) continue;
        const int64_t row = log->stretches.front().first_row;
        oldest = oldest ? std::min(*oldest, row) : row;
    }
    return oldest;
}

std::optional<LiveView> LiveLogs::view(const InteractionId& id, uint64_t after) const {
    const std::unique_lock guard(mutex_);
    const auto found = logs_.find(id);
    if (found == logs_.end()) return std::nullopt;
    LiveView view{.last_seq = found->second->last_seq, .parts = {}};
    for (const LiveStretch& stretch : found->second->stretches) {
        if (stretch.events.last_seq() <= after) continue;
        view.parts.push_back({stretch.run, stretch.events.first_seq(), stretch.events.last_seq(),
                              stretch.events.unsealed()});
    }
    return view;
}

std::optional<uint64_t> LiveLogs::last_seq(const InteractionId& id) const {
    const std::unique_lock guard(mutex_);
    const auto found = logs_.find(id);
    if (found == logs_.end()) return std::nullopt;
    return found->second->last_seq;
}

}  // namespace patchbay
