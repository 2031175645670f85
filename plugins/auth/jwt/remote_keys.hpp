// The JWK Set that an issuer publishes, kept and fetched again when it is old or lacks a key.
//
// One fetch at a time; it belongs to the check that needed it, and others wait for its end. A fetch
// that fails leaves the keys that are there in use for a day.
#pragma once

#include "key.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace jwt {

// Threads    [any-thread], all of it.
class RemoteKeys {
public:
    using Clock = std::chrono::steady_clock;
    using Keys = std::shared_ptr<const std::vector<Key>>;
    using Waiter = std::move_only_function<void()>;

    RemoteKeys(std::chrono::seconds refresh, std::chrono::milliseconds retry)
        : refresh_(refresh), retry_(retry) {}

    Keys keys() const;  // nullptr = none were ever fetched, or a day ago

    enum class Step {
        use,    // what is there is to be used, or nothing helps now
        fetch,  // the caller must fetch, and end it with fetched(), failed() or gave_up()
        wait,   // somebody fetches: the waiter is called at its end
    };
    // What is to be done before a decision: the set may be old. `key_is_unknown`: no key of it
    // fits. `waiter` is taken only for `wait`.
    Step next_step(bool key_is_unknown, Waiter& waiter);

    // The ends of a fetch. `max_age`: what the answer allows, if it says so.
    void fetched(std::vector<Key> keys, std::optional<std::chrono::seconds> max_age);
    void failed();   // not again for a second
    void gave_up();  // the check was cancelled: one of those that wait fetches

private:
    void end_fetch(std::unique_lock<std::mutex> lock);

    const std::chrono::seconds refresh_;
    const std::chrono::milliseconds retry_;
    mutable std::mutex mutex_;  // guards all below
    Keys keys_;
    Clock::time_point fetched_at_{};
    Clock::time_point fresh_until_{};
    Clock::time_point not_before_{};  // the next fetch, after one that failed
    std::optional<Clock::time_point> asked_for_unknown_;
    bool fetching_ = false;
    std::vector<Waiter> waiters_;
};

}  // namespace jwt
