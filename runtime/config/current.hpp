// A setting that a reload replaces while others read it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace patchbay::config {

// Threads    [any-thread]. What get() returned stays as it is: hold it for as long as one decision
//            takes, so that all of it is made by the same settings.
template <class T>
class Current {
public:
    explicit Current(T value) : value_(std::make_shared<const T>(std::move(value))) {}

    std::shared_ptr<const T> get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

    void set(T value) {
        auto next = std::make_shared<const T>(std::move(value));
        const std::lock_guard lock(mutex_);
        value_.swap(next);  // the old one goes after the lock, perhaps with its last reader
    }

private:
    mutable std::mutex mutex_;  // guards value_
    std::shared_ptr<const T> value_;
};

}  // namespace patchbay::config
