#include "bench/timer_wheel.hpp"

#include <algorithm>

namespace bench {

void TimerWheel::add(const Entry& entry) {
    const int64_t slot = std::max(entry.when_ms, now_ms_ + 1);
    slots_[static_cast<size_t>(slot % slot_count)].push_back(entry);
}

void TimerWheel::expire(int64_t now_ms, std::vector<Entry>& due) {
    const int64_t last = std::min(now_ms, now_ms_ + slot_count);
    while (now_ms_ < last) {
        ++now_ms_;
        auto& slot = slots_[static_cast<size_t>(now_ms_ % slot_count)];
        if (slot.empty()) continue;
        passing_.swap(slot);
        for (const Entry& entry : passing_) (entry.when_ms <= now_ms ? due : slot).push_back(entry);
        passing_.clear();
    }
    now_ms_ = now_ms;
}

int TimerWheel::wait_ms(int limit_ms) const {
    for (int ahead = 1; ahead < limit_ms && ahead < slot_count; ++ahead)
        if (!slots_[static_cast<size_t>((now_ms_ + ahead) % slot_count)].empty()) return ahead;
    return limit_ms;
}

}  // namespace bench
