// What one instance did against the rules of its interfaces: counted, the newest kept, and the
// instance found unfit when there was too much of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

// How many faults within how much time are too many. One for all instances of a server; a reload
// may change it while they run.
struct FaultLimit {
    std::atomic<uint32_t> count{10};  // 0 = no number is too many
    std::atomic<std::chrono::milliseconds> window{std::chrono::seconds(60)};
};

// `forgiven`: shown and logged, but no reason to turn an instance off, because the machine's load,
// a newer interface or a user's input may be behind it.
enum class FaultWeight { counted, forgiven };

struct Fault {
    std::string text;
    int64_t at_ms = 0;  // Unix time
};

// Faults whose texts differ in numbers only are of one kind.
struct FaultKind {
    std::string text;  // its numbers as "N"
    uint64_t count = 0;
};

struct FaultReport {
    uint64_t total = 0;
    std::vector<FaultKind> kinds;  // the first 16; what comes after them is "others"
    std::vector<Fault> newest;     // up to 8, the newest first
    std::string verdict;           // why the instance was turned off; "" = it was not
};

// Threads    [any-thread].
class FaultLog {
public:
    explicit FaultLog(std::shared_ptr<const FaultLimit> limit);  // nullptr = the default limit

    // True for the one fault that is one too many: from then on is_over().
    bool add(std::string_view text, FaultWeight weight);

    bool is_over() const { return over_.load(std::memory_order_acquire); }
    uint64_t total() const { return total_.load(std::memory_order_relaxed); }
    FaultReport report() const;

private:
    void remember(std::string_view text);
    bool is_too_many(std::string_view last);

    const std::shared_ptr<const FaultLimit> limit_;
    std::atomic<uint64_t> total_{0};
    std::atomic<bool> over_{false};
    mutable std::mutex mutex_;  // guards what follows
    std::vector<FaultKind> kinds_;
    std::deque<Fault> newest_;
    std::deque<std::chrono::steady_clock::time_point> counted_;  // within the window
    std::string verdict_;
};

}  // namespace patchbay::plugins
