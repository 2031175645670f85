// Takes spans to one exporter: a queue, and a thread that may block in the exporter's code.
//
// A call cannot be ended from outside. So each exporter has a courier of its own: one that hangs
// loses its own spans, nobody else's.
#pragma once

#include "runtime/observe/kernel_thread.hpp"
#include "runtime/observe/span.hpp"

#include <patchbay/error.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace patchbay::observe {

struct SpanCounters {
    std::atomic<uint64_t> recorded{0};        // handed in while somebody wanted spans
    std::atomic<uint64_t> exported{0};        // by one exporter, as the next
    std::atomic<uint64_t> dropped{0};         // did not fit, or could not be exported
    std::atomic<uint64_t> failed_batches{0};  // tries that failed, or took too long
};

// An exporter, as a courier sees it.
struct SpanTarget {
    std::string name;                                         // of the instance
    std::shared_ptr<const void> identity;                     // the same = the same exporter
    std::function<Result<void>(std::string_view json)> send;  // may block
    std::function<void(std::string_view what)> report_fault;  // [any-thread]
    // False for good: nothing is sent any more. Empty = it stays on. [any-thread]
    std::function<bool()> is_on = nullptr;
};

struct SpanOptions {
    size_t queue_limit = 2048;
    size_t batch_limit = 512;
    std::chrono::milliseconds gather{1000};  // spans wait as long for others
    std::chrono::milliseconds call_limit{10000};
    unsigned tries = 3;
    std::chrono::milliseconds first_pause{1000};  // after the first failure; then twice as long
};

class SpanCourier {
public:
    // `counters` must outlive it.
    SpanCourier(SpanTarget target, const SpanOptions& options, SpanCounters& counters);
    ~SpanCourier();  // waits until the thread has ended: see has_ended()
    SpanCourier(const SpanCourier&) = delete;
    SpanCourier& operator=(const SpanCourier&) = delete;

    const SpanTarget& target() const { return target_; }
    bool is_on() const { return !target_.is_on || target_.is_on(); }  // [any-thread]
    void add(std::shared_ptr<const Span> span);                       // [any-thread]

    // Looks after the call that is under way: says so, once, when it lasts too long. [any-thread]
    void watch();

    // Takes no more; what waits gets one try each, without pauses, then the thread ends.
    void leave();                                                // [any-thread]
    bool has_ended() const { return kernel_thread_.is_gone(); }  // [any-thread]

private:
    using Clock = std::chrono::steady_clock;
    using Spans = std::vector<std::shared_ptr<const Span>>;

    void run();
    Spans take();
    void deliver(const Spans& spans);
    Result<void> try_once(const std::string& json);
    bool pause(std::chrono::milliseconds time);  // false: it is time to leave

    const SpanTarget target_;
    const SpanOptions options_;
    SpanCounters& counters_;

    std::mutex mutex_;  // guards what follows, up to the thread
    std::condition_variable changed_;
    std::deque<std::shared_ptr<const Span>> queue_;
    bool leaving_ = false;
    std::optional<Clock::time_point> call_began_;  // nothing: no call is under way
    bool call_is_late_ = false;
    KernelThread kernel_thread_;
    std::jthread thread_;
};

}  // namespace patchbay::observe
