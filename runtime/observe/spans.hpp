// The road of finished spans to the exporters.
//
// Threads    record() is [any-thread] and waits for nobody. Each exporter has a courier of its own,
//            and one more thread looks after the couriers.
#pragma once

#include "runtime/observe/span_courier.hpp"

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay::observe {

class Spans final : public SpanSink {
public:
    explicit Spans(const SpanOptions& options = {});
    ~Spans() override;  // waits for calls that are under way, for ever: see stop()

    bool wanted() const override { return wanted_.load(std::memory_order_relaxed); }
    void record(Span&& span) override;

    // From now on spans go to these. An exporter that stays keeps its queue; one that is not among
    // them any more gets what waits for it, and is let go of when its last call has returned. One
    // that goes off gets nothing more.
    void set_targets(std::vector<SpanTarget> targets);

    // Lets all exporters go. True when all have had their last call within the time.
    bool stop(std::chrono::milliseconds patience);

    const SpanCounters& counters() const { return counters_; }

private:
    using Couriers = std::vector<std::unique_ptr<SpanCourier>>;

    void look_after(const std::stop_token& stop);
    void let_go_of_ended();
    void let_go_of_what_is_off();
    void let_go(std::unique_ptr<SpanCourier> courier);
    bool all_gone();

    const SpanOptions options_;
    SpanCounters counters_;
    std::atomic<bool> wanted_{false};
    std::mutex mutex_;  // guards the next two
    Couriers couriers_;
    Couriers leaving_;
    std::jthread overseer_;
};

}  // namespace patchbay::observe
