// The time limits of one call, as timestamps: nothing is armed or cancelled per read. Whoever holds
// them keeps one timer, at deadline() or earlier, and looks again when it fires.
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/net/http_client.hpp"

#include <optional>
#include <string>

namespace patchbay::net {

class CallLimits {
public:
    CallLimits(const HttpCallOptions& options, Clock::time_point now);

    void connected(Clock::time_point now);  // the request goes out: the wait for an answer begins
    void still_sending(Clock::time_point now);  // it is still going out: the wait begins again
    void read(Clock::time_point now);           // a byte of the body has come
    void pause(Clock::time_point now);          // all limits stand still
    void resume(Clock::time_point now);

    bool waits_for_first_byte() const { return phase_ == Phase::waiting; }
    // When the call times out if nothing happens; nothing while paused.
    std::optional<Clock::time_point> deadline() const;
    Error timeout_at(Clock::time_point now, const std::string& label) const;

private:
    enum class Phase { connecting, waiting, reading };

    std::chrono::milliseconds limit() const;  // of this phase

    std::chrono::milliseconds connect_;
    std::chrono::milliseconds first_byte_;
    std::chrono::milliseconds idle_;
    std::chrono::milliseconds total_;
    Phase phase_ = Phase::connecting;
    Clock::time_point started_;
    Clock::time_point since_;  // the beginning of this phase; when reading, the last read
    std::optional<Clock::time_point> paused_at_;
};

}  // namespace patchbay::net
