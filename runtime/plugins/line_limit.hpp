// How many lines of one sort are written in a second; what is beyond is dropped.
#pragma once

#include "runtime/plugins/breadcrumb.hpp"

#include <atomic>
#include <cstdint>

namespace patchbay::plugins {

// Threads    [any-thread]; at a second's turn some lines more or fewer may pass.
class LineLimit {
public:
    enum class Verdict { write, first_dropped, dropped };

    explicit LineLimit(uint32_t lines_a_second) : limit_(lines_a_second) {}

    // For each line that there is to write.
    Verdict next() {
        const auto second = coarse_now_ns() / 1'000'000'000;
        if (second_.exchange(second, std::memory_order_relaxed) != second)
            lines_.store(0, std::memory_order_relaxed);
        const auto before = lines_.fetch_add(1, std::memory_order_relaxed);
        if (before < limit_) return Verdict::write;
        return before == limit_ ? Verdict::first_dropped : Verdict::dropped;
    }

private:
    const uint32_t limit_;
    std::atomic<int64_t> second_{0};
    std::atomic<uint32_t> lines_{0};  // in this second
};

}  // namespace patchbay::plugins
