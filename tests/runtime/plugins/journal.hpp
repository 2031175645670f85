// What happened, in order, from any thread; and waiting for it with a limit.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::plugins {

class Journal {
public:
    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
        changed_.notify_all();
    }

    std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

    // Whether `text` stands in `count` lines, now or within the limit.
    bool wait_for(const std::string& text, size_t count = 1,
                  std::chrono::milliseconds limit = std::chrono::seconds(20)) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [&] { return count_of(text) >= count; });
    }

    size_t count(const std::string& text) const {
        const std::lock_guard lock(mutex_);
        return count_of(text);
    }

private:
    size_t count_of(const std::string& text) const {
        return static_cast<size_t>(std::count_if(
            lines_.begin(), lines_.end(),
            [&](const std::string& line) { return line.find(text) != std::string::npos; }));
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<std::string> lines_;
};

}  // namespace patchbay::plugins
