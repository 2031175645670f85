// Slows down who tries credentials: so many bad ones a minute from one address, and further ones
// are refused without being looked at.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace patchbay::http {

// Threads    [any-thread].
// Memory     bounded: of 65,536 addresses at a time; beyond it those go whose minute is over, and
//            then all.
class CredentialGuard {
public:
    using Clock = std::chrono::steady_clock;

    // How long this address has to wait, when it may not try now. `limit`: bad ones a minute; 0 =
    // any number. An IPv6 address counts with its /64 network, which one customer has. "" (a Unix
    // socket) never waits.
    std::optional<std::chrono::milliseconds> must_wait(const std::string& address, uint64_t limit,
                                                       Clock::time_point now);
    void count_failure(const std::string& address, Clock::time_point now);

private:
    struct Minute {
        Clock::time_point began;
        uint64_t failures = 0;
    };

    void make_room(Clock::time_point now);

    std::mutex mutex_;  // guards minutes_
    std::unordered_map<std::string, Minute> minutes_;
};

}  // namespace patchbay::http
