// An amount that counts towards a shared total for as long as it lives: an open connection, a body
// held in memory. The total outlives whoever shows it, so the last one may go on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace patchbay::net {

class Tally {
public:
    using Total = std::shared_ptr<std::atomic<uint64_t>>;

    Tally() = default;  // counts nowhere
    explicit Tally(Total total) : total_(std::move(total)) {}
    Tally(Tally&& other) noexcept
        : total_(std::move(other.total_)), amount_(std::exchange(other.amount_, 0)) {}
    Tally& operator=(Tally&& other) noexcept {
        Tally old(std::move(*this));
        total_ = std::move(other.total_);
        amount_ = std::exchange(other.amount_, 0);
        return *this;
    }
    ~Tally() {
        if (total_) total_->fetch_sub(amount_, std::memory_order_relaxed);
    }

    // The total afterwards.
    uint64_t add(uint64_t amount) {
        if (!total_) return 0;
        amount_ += amount;
        return total_->fetch_add(amount, std::memory_order_relaxed) + amount;
    }

private:
    Total total_;
    uint64_t amount_ = 0;
};

}  // namespace patchbay::net
