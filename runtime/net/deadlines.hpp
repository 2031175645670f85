// Tasks for when somebody has waited too long, on a thread that does nothing else: no lane and no
// worker needs to be free for it.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace patchbay::net {

// Threads    [any-thread]. A task does not throw, and does not block.
class Deadlines {
public:
    Deadlines();
    ~Deadlines();  // stop()

    // Names one deadline; never two alike.
    struct Id {
        Clock::time_point when;
        uint64_t number = 0;
        auto operator<=>(const Id&) const = default;
    };

    // Runs `task` after `delay`, unless it is cancelled before; dropped, unrun, after stop().
    Id after(Clock::duration delay, Task task);

    // True when the task had not begun: it is destroyed, and will not run. So of those who may
    // answer, the one who hears true does, or else the task.
    bool cancel(const Id& id);

    void stop();  // drops what waits; joins; idempotent

private:
    void run(const std::stop_token& stop);

    std::mutex mutex_;  // guards what follows, up to the thread
    std::condition_variable_any earlier_;
    std::map<Id, Task> waiting_;
    uint64_t last_number_ = 0;
    bool stopped_ = false;
    std::jthread thread_;
};

}  // namespace patchbay::net
