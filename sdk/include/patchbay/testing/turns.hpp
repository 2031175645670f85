// Time and order in a test: a virtual clock, and the turns of one lane.
//
// A turn is one call into the plugin. Host functions never call the plugin back: they add a turn.
// Threads    the lane is the thread that made it, or that took it since; add() may be called from
//            any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace patchbay::testing {

class Turns {
public:
    using Time = std::chrono::microseconds;
    using Key = std::pair<Time, uint64_t>;  // when, then in the order in which they were added

    Time now() const { return now_; }
    bool on_lane() const { return on_lane_thread() && !off_lane_; }
    // Also in call_off_lane(), when the plugin is called on this thread as on another.
    bool on_lane_thread() const { return std::this_thread::get_id() == lane_.load(); }

    // How many turns have begun. [lane]
    uint64_t count() const { return begun_; }

    // From now on this thread is the lane: a host's lane may be on another thread in every turn.
    // The one that was it must wait meanwhile.
    void take_lane() { lane_ = std::this_thread::get_id(); }

    // Calls `work()` on this thread, as if it were another one.
    template <class Work>
    void call_off_lane(Work&& work) {
        off_lane_ = true;
        work();
        off_lane_ = false;
    }

    // Has `turn` run `delay` from now. Returns its key, for remove(). [any-thread]
    Key add(std::function<void()> turn, Time delay = Time(0)) {
        const std::lock_guard lock(mutex_);
        const Key key = {now_ + delay, next_++};
        turns_.emplace(key, std::move(turn));
        added_.notify_all();
        return key;
    }

    // False when it has run.
    bool remove(Key key) {
        const std::lock_guard lock(mutex_);
        return turns_.erase(key) > 0;
    }

    // Runs what is due now, and what that adds for now.
    void run() { run_to(now_); }

    // Moves the clock on, and runs what falls due on the way, in order.
    void advance(Time time) { run_to(now_ + time); }

    // Runs turns, moving the clock from one to the next, until `done()` or `limit` of virtual time.
    // When nothing is left to run it waits `patience` of real time for another thread's turn.
    // Returns done().
    bool run_until(const std::function<bool()>& done, Time limit = std::chrono::minutes(10),
                   std::chrono::milliseconds patience = std::chrono::seconds(5)) {
        const auto end = now_ + limit;
        while (!done()) {
            if (run_one(end)) continue;
            std::unique_lock lock(mutex_);
            const bool any = added_.wait_for(lock, patience, [&] { return !turns_.empty(); });
            if (!any || turns_.begin()->first.first > end) return done();
        }
        return true;
    }

private:
    void run_to(Time end) {
        while (run_one(end)) {
        }
        const std::lock_guard lock(mutex_);
        now_ = std::max(now_, end);
    }

    // Runs the next turn, if it is due at `end`.
    bool run_one(Time end) {
        std::function<void()> turn;
        {
            const std::lock_guard lock(mutex_);
            if (turns_.empty() || turns_.begin()->first.first > end) return false;
            now_ = std::max(now_, turns_.begin()->first.first);
            turn = std::move(turns_.begin()->second);
            turns_.erase(turns_.begin());
        }
        ++begun_;
        turn();
        return true;
    }

    std::atomic<std::thread::id> lane_ = std::this_thread::get_id();
    bool off_lane_ = false;
    uint64_t begun_ = 0;
    std::mutex mutex_;  // of what follows; now_ is written on the lane only
    std::condition_variable added_;
    std::map<Key, std::function<void()>> turns_;
    uint64_t next_ = 0;
    Time now_{0};
};

}  // namespace patchbay::testing
