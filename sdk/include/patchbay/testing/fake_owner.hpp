// What a stream and a request have in common: a handle, a life, and things that hang on them.
#pragma once

#include <patchbay/abi/stream.h>
#include <patchbay/testing/turns.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::testing {

// What the fakes of one host share.
class FakeLane {
public:
    Turns turns;

    // Notes what the plugin did against the contract. [any-thread]
    void fault(std::string what) {
        const std::lock_guard lock(mutex_);
        faults_.push_back(std::move(what));
    }
    void fault(const char* function, std::string_view what) {
        const std::lock_guard lock(mutex_);
        faults_.emplace_back(function).append(what);
    }
    std::vector<std::string> faults() const {
        const std::lock_guard lock(mutex_);
        return faults_;
    }

    // For as long as this lives the plugin is called on this thread, and on no lane: create(), a
    // job. Its own threads are in no call.
    class OffLaneCall {
    public:
        OffLaneCall() { ++off_lane_calls_; }
        ~OffLaneCall() { --off_lane_calls_; }
        OffLaneCall(const OffLaneCall&) = delete;
        OffLaneCall& operator=(const OffLaneCall&) = delete;
    };
    static bool in_off_lane_call() { return off_lane_calls_ > 0; }

private:
    static inline thread_local int off_lane_calls_ = 0;
    mutable std::mutex mutex_;
    std::vector<std::string> faults_;
};

class FakeOwner {
public:
    FakeOwner(FakeLane& lane, patchbay_handle handle) : lane_(lane), handle_(handle) {}
    virtual ~FakeOwner() = default;
    FakeOwner(const FakeOwner&) = delete;
    FakeOwner& operator=(const FakeOwner&) = delete;

    patchbay_handle handle() const { return handle_; }
    bool cancelled() const { return cancelled_; }
    bool paused() const { return paused_; }
    bool ending() const { return cancelled_ || ended(); }
    bool over() const { return ended(); }
    bool closed() const { return closed_; }  // close() has been called, where there was a state

    // What answers in a run, an agent or a tool, may ask for children, tools, people and history.
    bool has_run() const { return has_run_; }
    void set_run() { has_run_ = true; }

    // PATCHBAY_OK when a [lane] function may be called for it now.
    patchbay_status usable(const char* function) {
        if (!lane_.turns.on_lane()) {
            lane_.fault(function, " from a foreign thread");
            return PATCHBAY_E_WRONG_THREAD;
        }
        if (!closed_) return PATCHBAY_OK;
        lane_.fault(function, " after close");
        return PATCHBAY_E_STALE;
    }

    // Something that owes a completion began or ended; close() waits for all of them. False when
    // the end has begun already. [any-thread]
    bool hold() {
        const std::lock_guard lock(mutex_);
        if (closing_) return false;
        ++pending_;
        return true;
    }

    // The same for a post, which release_post() ends: none is taken after the end, nor more than
    // 1,024 at a time. [any-thread]
    patchbay_status hold_post() {
        constexpr size_t most = 1024;
        const std::lock_guard lock(mutex_);
        if (sealed_) return PATCHBAY_E_STALE;
        if (posts_ >= most) return PATCHBAY_E_LIMIT;
        ++posts_;
        ++pending_;
        return PATCHBAY_OK;
    }
    void release_post() {
        {
            const std::lock_guard lock(mutex_);
            --posts_;
        }
        release();
    }
    void release() {
        {
            const std::lock_guard lock(mutex_);
            --pending_;
        }
        close_when_idle();
    }

    size_t pending() const {
        const std::lock_guard lock(mutex_);
        return pending_;
    }

protected:
    virtual bool ended() const = 0;  // finished, or answered
    virtual void close() = 0;        // hands the state back to the plugin

    void close_when_idle() {
        if (!ended()) return;
        {
            const std::lock_guard lock(mutex_);
            sealed_ = true;
        }
        if (!opened_) return;
        {
            const std::lock_guard lock(mutex_);
            if (pending_ > 0 || std::exchange(closing_, true)) return;
        }
        lane_.turns.add([this] {
            closed_ = true;
            close();
        });
    }

    FakeLane& lane_;
    bool opened_ = false;  // open() or check() has returned
    bool cancelled_ = false;
    bool paused_ = false;

private:
    patchbay_handle handle_;
    bool has_run_ = false;
    bool closed_ = false;
    mutable std::mutex mutex_;  // of what follows
    size_t pending_ = 0;
    size_t posts_ = 0;     // of these
    bool sealed_ = false;  // it has ended
    bool closing_ = false;
};

}  // namespace patchbay::testing
