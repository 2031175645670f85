// Where credentials are checked: on a lane of its own, so that nobody waits at the door for a
// plugin that holds the lane of some run.
//
// An auth plugin that holds this lane stands in everybody's way: whoever waits for it longer than
// the limit is refused. Then another lane takes the place of the one that is held, which goes on by
// itself when the plugin lets go. Nobody waits where too many do: a request that comes then is
// refused at once.
#pragma once

#include "runtime/net/deadlines.hpp"
#include "runtime/plugins/authenticator.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::plugins {

class CallMark;

struct CheckLimits {
    // Of one check: beyond what authenticate() allows a plugin that does not hold the lane.
    std::chrono::milliseconds time = std::chrono::seconds(6);
    // While the first of those who wait for the lane has done so for as long, nobody else may.
    std::chrono::milliseconds queue_time = std::chrono::seconds(2);
    size_t queue = 16 * 1024;               // who wait for the lane
    size_t queue_bytes = 32 * 1024 * 1024;  // of their requests
    size_t left_behind = 8;  // lanes that are held; with as many one that comes free is waited for
};

class CheckLane {
public:
    // `resolver` and `deadlines` are borrowed; `deadlines` is stopped first.
    CheckLane(net::Resolver& resolver, net::Deadlines& deadlines, const CheckLimits& limits = {});

    // As authenticate(). `done` runs once: on this lane; on the deadlines' thread when the time has
    // passed; or in here when too many wait. In the latter two it hears `unavailable`. Before
    // start(): it waits for that. [any-thread]
    void check(std::vector<AuthPlugin> chain, AuthRequest request, AuthDone done);

    void start();
    // Joins what is not held; idempotent. False when a lane is left behind: see
    // Lane::stop_within().
    bool stop(std::chrono::milliseconds patience = std::chrono::seconds(5));

private:
    struct Waiting {
        std::vector<AuthPlugin> chain;
        AuthRequest request;
        size_t bytes;
        std::weak_ptr<AuthDone> done;  // its deadline keeps it: when that has passed, nobody waits
        net::Clock::time_point since;
        net::Deadlines::Id deadline;
    };
    struct Place {  // one lane, and what its thread is doing in a plugin
        explicit Place(net::Resolver& resolver);
        net::Lane lane;
        std::atomic<const CallMark*> mark{nullptr};
    };

    bool is_crowded(net::Clock::time_point now) const;  // those that follow: with the lock
    Waiting take_first();
    void wake();
    Place* free_place();
    void replace_held_lane();
    void run_next(Place& place);
    void on_late();

    net::Resolver& resolver_;
    net::Deadlines& deadlines_;
    const CheckLimits limits_;

    std::mutex mutex_;           // guards what follows
    std::deque<Waiting> queue_;  // in the order of their deadlines
    size_t queue_bytes_ = 0;
    bool woken_ = false;  // the lane will look into the queue
    std::vector<std::unique_ptr<Place>> places_;
    Place* place_;  // where checks are made; the others were held, and are free again or not
};

}  // namespace patchbay::plugins
