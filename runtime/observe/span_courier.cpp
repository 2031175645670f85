#include "runtime/observe/span_courier.hpp"

#include "runtime/observe/span_json.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace patchbay::observe {

SpanCourier::SpanCourier(SpanTarget target, const SpanOptions& options, SpanCounters& counters)
    : target_(std::move(target)),
      options_(options),
      counters_(counters),
      thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "span-courier");
}

SpanCourier::~SpanCourier() { leave(); }

void SpanCourier::add(std::shared_ptr<const Span> span) {
    {
        const std::lock_guard lock(mutex_);
        if (leaving_ || !is_on() || queue_.size() >= options_.queue_limit) {
            counters_.dropped.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        queue_.push_back(std::move(span));
        // The first one begins the gathering, a full batch ends it.
        if (queue_.size() != 1 && queue_.size() != options_.batch_limit) return;
    }
    changed_.notify_all();
}

void SpanCourier::leave() {
    {
        const std::lock_guard lock(mutex_);
        leaving_ = true;
    }
    changed_.notify_all();
}

void SpanCourier::watch() {
    {
        const std::lock_guard lock(mutex_);
        if (!call_began_ || call_is_late_) return;
        if (Clock::now() - *call_began_ < options_.call_limit) return;
        call_is_late_ = true;
    }
    counters_.failed_batches.fetch_add(1, std::memory_order_relaxed);
    target_.report_fault("exporter.export_spans has not returned within " +
                         std::to_string(options_.call_limit.count()) + " ms");
}

void SpanCourier::run() {
    kernel_thread_.set();
    for (auto spans = take(); !spans.empty(); spans = take()) deliver(spans);
}

// The next batch; none when it is time to end.
SpanCourier::Spans SpanCourier::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return leaving_ || !queue_.empty(); });
    changed_.wait_for(lock, options_.gather,
                      [this] { return leaving_ || queue_.size() >= options_.batch_limit; });
    const auto count = std::min(queue_.size(), options_.batch_limit);
    Spans spans(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(count));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(count));
    return spans;
}

void SpanCourier::deliver(const Spans& spans) {
    const auto json = spans_json(spans);
    auto pause_time = options_.first_pause;
    Result<void> sent;
    for (unsigned tries = 1;; ++tries) {
        sent = try_once(json);
        if (sent) {
            counters_.exported.fetch_add(spans.size(), std::memory_order_relaxed);
            return;
        }
        if (tries >= options_.tries || !is_on() || !pause(pause_time)) break;
        pause_time *= 2;
    }
    counters_.dropped.fetch_add(spans.size(), std::memory_order_relaxed);
    spdlog::warn("exporter {}: {} spans are lost: {}", target_.name, spans.size(),
                 sent.error().message);
}

Result<void> SpanCourier::try_once(const std::string& json) {
    if (!is_on()) return failure(ErrorCode::unavailable, "it is off");
    {
        const std::lock_guard lock(mutex_);
        call_began_ = Clock::now();
        call_is_late_ = false;
    }
    auto sent = target_.send(json);
    watch();  // a call that returns late is late, too
    const std::lock_guard lock(mutex_);
    call_began_.reset();
    if (call_is_late_) return failure(ErrorCode::timeout, "it took too long");
    if (!sent) counters_.failed_batches.fetch_add(1, std::memory_order_relaxed);
    return sent;
}

bool SpanCourier::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return leaving_; });
}

}  // namespace patchbay::observe
