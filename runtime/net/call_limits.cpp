#include "runtime/net/call_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchbay::net {

CallLimits::CallLimits(const HttpCallOptions& options, Clock::time_point now)
    : connect_(options.connect_timeout),
      first_byte_(options.first_byte_timeout),
      idle_(options.idle_timeout),
      total_(options.total_timeout),
      started_(now),
      since_(now) {}

void CallLimits::connected(Clock::time_point now) {
    if (phase_ != Phase::connecting) return;
    phase_ = Phase::waiting;
    since_ = now;
}

void CallLimits::still_sending(Clock::time_point now) {
    if (phase_ == Phase::waiting) since_ = now;
}

void CallLimits::read(Clock::time_point now) {
    phase_ = Phase::reading;
    since_ = now;
}

void CallLimits::pause(Clock::time_point now) {
    if (!paused_at_) paused_at_ = now;
}

void CallLimits::resume(Clock::time_point now) {
    if (!paused_at_) return;
    // What happened during the pause (a connection came up) has a later time than its beginning.
    since_ += now - std::max(*paused_at_, since_);
    started_ += now - *paused_at_;
    paused_at_.reset();
}

std::chrono::milliseconds CallLimits::limit() const {
    switch (phase_) {
        case Phase::connecting: return connect_;
        case Phase::waiting: return first_byte_;
        case Phase::reading: return idle_;
    }
    return idle_;
}

std::optional<Clock::time_point> CallLimits::deadline() const {
    if (paused_at_) return std::nullopt;
    const auto of_phase = since_ + limit();
    return total_.count() == 0 ? of_phase : std::min(of_phase, started_ + total_);
}

Error CallLimits::timeout_at(Clock::time_point now, const std::string& label) const {
    std::string message;
    if (now < since_ + limit())
        message = fmt::format("the call to {} took longer than {} ms", label, total_.count());
    else if (phase_ == Phase::connecting)
        message = fmt::format("no connection to {} within {} ms", label, connect_.count());
    else if (phase_ == Phase::waiting)
        message =
            fmt::format("{} did not begin its answer within {} ms", label, first_byte_.count());
    else
        message = fmt::format("{} sent nothing for {} ms", label, idle_.count());
    return {.code = ErrorCode::timeout, .message = std::move(message), .retryable = true};
}

}  // namespace patchbay::net
