// The newest committed events of an interaction, in memory: live viewers read here, slower ones
// from the store.
#pragma once

#include "db/event.hpp"

#include <cstdint>
#include <deque>

namespace patchbay::engine {

class LiveWindow {
public:
    // Takes the next event: its seq follows the last one's, else the window starts anew with it.
    void push(Event event);

    // The event with this seq, or nullptr: too old, or not there yet. Good until the next push().
    const Event* find(uint64_t seq) const;

    // Forgets events up to `seq`, but for the newest few, and the oldest beyond the limit.
    void trim(uint64_t seq);

    size_t size() const { return events_.size(); }

private:
    static constexpr size_t keep_events = 16;
    static constexpr size_t limit_bytes = 256 * 1024;

    void drop_first();

    std::deque<Event> events_;
    size_t bytes_ = 0;
};

}  // namespace patchbay::engine
