#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>

namespace bench {

size_t Histogram::index_of(uint64_t value) {
    if (value < 1u << sub_bits) return value;
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - sub_bits;
    return (static_cast<size_t>(shift + 1) << sub_bits) + ((value >> shift) - (1u << sub_bits));
}

uint64_t Histogram::top_of(size_t index) {
    if (index < 1u << sub_bits) return index;
    const size_t shift = (index >> sub_bits) - 1;
    const uint64_t mantissa = (index & ((1u << sub_bits) - 1)) + (1u << sub_bits);
    return ((mantissa + 1) << shift) - 1;
}

void Histogram::add(int64_t microseconds) {
    const int64_t value = std::max<int64_t>(microseconds, 0);
    ++counts_[index_of(static_cast<uint64_t>(value))];
    ++count_;
    sum_ += static_cast<double>(value);
    max_ = std::max(max_, value);
}

int64_t Histogram::percentile_us(double share) const {
    const double wanted = share * static_cast<double>(count_);
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen > 0 && static_cast<double>(seen) >= wanted)
            return std::min(static_cast<int64_t>(top_of(i)), max_);
    }
    return max_;
}

}  // namespace bench
