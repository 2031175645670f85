// Where credentials are checked: on a lane of its own, so that nobody waits at the door for a
// plugin that holds the lane of some run.
//
// An auth plugin that holds this lane holds up everybody: it stands in everybody's way. Whoever
// waits for it longer than the limit is refused; the lane goes on when the plugin lets go.
#pragma once

#include "runtime/net/deadlines.hpp"
#include "runtime/plugins/authenticator.hpp"

#include <chrono>

namespace patchbay::plugins {

class CheckLane {
public:
    // `limit`: beyond what authenticate() allows a plugin that does not hold the lane. `deadlines`
    // is borrowed, and stopped first.
    CheckLane(net::Resolver& resolver, net::Deadlines& deadlines,
              std::chrono::milliseconds limit = std::chrono::seconds(6));

    // As authenticate(). `done` runs once, on this lane, or on the deadlines' thread when the limit
    // has passed: then it hears `unavailable`. Before start(): it waits for that. [any-thread]
    void check(std::vector<AuthPlugin> chain, AuthRequest request, AuthDone done);

    void start() { lane_.start(); }
    void stop() { lane_.stop(); }  // idempotent; joins

private:
    net::Deadlines& deadlines_;
    const std::chrono::milliseconds limit_;
    net::Lane lane_;
};

}  // namespace patchbay::plugins
