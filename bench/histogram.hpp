// How long things took: counts per range of microseconds, each range 3 % wide, so that percentiles
// over millions of values cost no memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bench {

class Histogram {
public:
    void add(int64_t microseconds);

    uint64_t count() const { return count_; }
    double mean_us() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
    int64_t max_us() const { return max_; }
    // The value that `share` (0..1) of all values do not pass; 0 when there are none.
    int64_t percentile_us(double share) const;

private:
    static constexpr int sub_bits = 5;

    static size_t index_of(uint64_t value);
    static uint64_t top_of(size_t index);

    std::array<uint64_t, 64 << sub_bits> counts_{};
    uint64_t count_ = 0;
    double sum_ = 0;
    int64_t max_ = 0;
};

}  // namespace bench
