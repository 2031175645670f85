// What middleware makes of a turn and of its events: the host's side of "patchbay.middleware/1".
//
// Threads    [lane], the turn's home.
#pragma once

#include "runtime/net/lane.hpp"
#include "runtime/plugins/event_batch.hpp"
#include "runtime/plugins/registry.hpp"

#include <patchbay/abi/middleware.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchbay::plugins {

// A turn as middleware sees it: patchbay_turn, owned.
struct TurnView {
    std::string surface;
    std::string owner;
    std::string credential_id;
    std::string interaction_id;
    std::string agent;
    std::string model;
    std::string method;
    std::string content_json;
    std::string input_json;
    std::string options_json;
    std::string traceparent;
    Role role = Role::user;
    uint32_t attempt = 1;
};

// patchbay_change, owned.
struct TurnChange {
    std::string content_json;  // "" leaves it as it is, as do the others
    std::string input_json;
    std::string options_json;
    std::string model;
    std::string system;
    std::string answer;
};

// What one middleware keeps of a turn, and does with its events.
class EventFilter {
public:
    virtual ~EventFilter() = default;  // closes the plugin's state

    // What goes on instead of `events`: they themselves, or what the middleware emitted, which
    // lives until the next call. An error: the middleware failed, and nothing may go on.
    virtual Result<std::span<const patchbay_event>> filter(
        std::span<const patchbay_event> events) = 0;

    // The answer has ended as PATCHBAY_FINISH_…: what was held. An error as above.
    virtual Result<std::span<const patchbay_event>> end(uint32_t reason) = 0;
};

struct TurnVerdict {
    Result<TurnChange> change;            // or why the turn is refused
    std::unique_ptr<EventFilter> filter;  // nullptr: it wants to see no events
};

// Asks one middleware about a turn. `done` hears once, perhaps before this returns; at the latest
// after 5 s, and then the turn is refused.
using OnTurnVerdict = std::move_only_function<void(TurnVerdict)>;
void ask_about_turn(net::Lane& lane, const InstanceRef& instance, const TurnView& turn,
                    OnTurnVerdict done);

bool is_middleware(const Instance& instance);

}  // namespace patchbay::plugins
