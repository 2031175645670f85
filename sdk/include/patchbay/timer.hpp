// One-shot timers, bound to a stream or request.
//
// Threads    [lane].
// Ending     a timer that started calls back exactly once: when its time came, or cancelled, by
//            cancel() or because its owner ends. It never calls back from inside start_timer().
// Limits     64 timers on one owner; a delay of at most one day.
// Errors     stale, cancelled (the owner is ending), limit, bad_request, wrong_thread, unsupported:
//            then no callback follows.
#pragma once

#include <patchbay/abi/timer.h>
#include <patchbay/owner.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace patchbay {

// A running timer. A value: losing it does not stop the timer.
class Timer {
public:
    Timer(const Host& host, patchbay_handle timer) noexcept : host_(&host), timer_(timer) {}

    // The callback follows, cancelled. Nothing happens when it has fired. [lane]
    void cancel() const noexcept { host_->interfaces().timer->cancel(host_->raw(), timer_); }

private:
    const Host* host_;
    patchbay_handle timer_;
};

// An object that a timer calls: costs no allocation. One timer at a time. It must live until
// on_timer() has been called: a Chat or Check always does.
class TimerHandler {
public:
    TimerHandler() = default;
    TimerHandler(const TimerHandler&) = delete;  // the host keeps its address
    TimerHandler& operator=(const TimerHandler&) = delete;

    virtual void on_timer(bool cancelled) = 0;

protected:
    virtual ~TimerHandler() = default;

private:
    friend Result<Timer> start_timer(const Owner&, std::chrono::microseconds, TimerHandler&);

    static void fired(void* user, patchbay_status status) noexcept {
        auto* handler = static_cast<TimerHandler*>(user);
        const auto owner = *handler->owner_;
        guarded([&] { handler->on_timer(status < 0); },
                [&](std::string_view reason) { owner.abandon(reason); });
    }

    std::optional<Owner> owner_;
};

namespace detail {

inline Result<Timer> start_timer(const Owner& owner, std::chrono::microseconds delay,
                                 patchbay_posted callback, void* user) {
    const auto* table = owner.host().interfaces().timer;
    if (!table) return failure(ErrorCode::unsupported, "the host has no timers");
    if (delay.count() < 0) return failure(ErrorCode::bad_request, "a timer in the past");

    patchbay_handle timer = {0};
    const auto status = table->start(owner.host().raw(), owner.handle(),
                                     static_cast<uint64_t>(delay.count()), callback, user, &timer);
    if (status < 0) return failure(code_of(status), "the host refused a timer");
    return Timer(owner.host(), timer);
}

}  // namespace detail

// Calls `handler` after `delay` at the earliest.
[[nodiscard]] inline Result<Timer> start_timer(const Owner& owner, std::chrono::microseconds delay,
                                               TimerHandler& handler) {
    handler.owner_.emplace(owner);
    return detail::start_timer(owner, delay, &TimerHandler::fired, &handler);
}

// The same with a function, which is destroyed when it has been called, or at once on failure.
[[nodiscard]] inline Result<Timer> start_timer(
    const Owner& owner, std::chrono::microseconds delay,
    std::move_only_function<void(bool cancelled)> callback) {
    auto posted = std::make_unique<detail::Posted>(owner, std::move(callback));
    auto timer = detail::start_timer(owner, delay, &detail::Posted::call, posted.get());
    if (timer) posted.release();  // call() frees it
    return timer;
}

}  // namespace patchbay
