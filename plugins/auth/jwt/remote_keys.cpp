#include "remote_keys.hpp"

#include <algorithm>
#include <utility>

namespace jwt {
namespace {

using namespace std::chrono_literals;

constexpr auto stale_keys_serve = 24h;
constexpr auto after_failure = 1s;
constexpr std::chrono::seconds least_age = 5min;
constexpr std::chrono::seconds most_age = 24h;
constexpr size_t most_waiters = 10'000;

}  // namespace

RemoteKeys::Keys RemoteKeys::keys() const {
    const std::lock_guard lock(mutex_);
    return keys_ && Clock::now() - fetched_at_ < stale_keys_serve ? keys_ : nullptr;
}

RemoteKeys::Step RemoteKeys::next_step(bool key_is_unknown, Waiter& waiter) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    const bool old = now >= fresh_until_;
    if (!old && !key_is_unknown) return Step::use;
    if (fetching_) {
        if (!key_is_unknown || waiters_.size() >= most_waiters) return Step::use;
        waiters_.push_back(std::move(waiter));
        return Step::wait;
    }
    if (now < not_before_) return Step::use;
    const bool asked_just_now = asked_for_unknown_ && now - *asked_for_unknown_ < retry_;
    if (!old && asked_just_now) return Step::use;
    if (!old) asked_for_unknown_ = now;
    fetching_ = true;
    return Step::fetch;
}

void RemoteKeys::fetched(std::vector<Key> keys, std::optional<std::chrono::seconds> max_age) {
    std::unique_lock lock(mutex_);
    keys_ = std::make_shared<const std::vector<Key>>(std::move(keys));
    fetched_at_ = Clock::now();
    fresh_until_ = fetched_at_ + (max_age ? std::clamp(*max_age, least_age, most_age) : refresh_);
    end_fetch(std::move(lock));
}

void RemoteKeys::failed() {
    std::unique_lock lock(mutex_);
    not_before_ = Clock::now() + after_failure;
    end_fetch(std::move(lock));
}

void RemoteKeys::gave_up() {
    std::unique_lock lock(mutex_);
    asked_for_unknown_.reset();
    end_fetch(std::move(lock));
}

void RemoteKeys::end_fetch(std::unique_lock<std::mutex> lock) {
    fetching_ = false;
    auto waiters = std::exchange(waiters_, {});
    lock.unlock();
    for (auto& waiter : waiters) waiter();
}

}  // namespace jwt
