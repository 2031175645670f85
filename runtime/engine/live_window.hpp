// The newest committed events of an interaction, in memory: live viewers read here, slower ones
// from the store.
#pragma once

#include "db/event.hpp"

#include <cstdint>
#include <vector>

namespace patchbay::engine {

class LiveWindow {
public:
    // Takes the next event: its seq follows the last one's, else the window starts anew with it.
    void push(Event event);

    // The event with this seq, or nullptr: too old, or not there yet. Good until the next push().
    const Event* find(uint64_t seq) const;

    // Forgets events up to `seq`, but for the newest few, and the oldest beyond the limit.
    void trim(uint64_t seq);

    size_t size() const { return size_; }

private:
    static constexpr size_t keep_events = 4;
    static constexpr size_t limit_bytes = 256 * 1024;

    Event& at(size_t index) { return ring_[(first_ + index) & (ring_.size() - 1)]; }
    const Event& at(size_t index) const { return ring_[(first_ + index) & (ring_.size() - 1)]; }
    void resize_ring(size_t slots);
    void clear();
    void drop_first();

    // A ring: a stream of tokens goes round in the same few lines of the processor's cache.
    std::vector<Event> ring_;  // 0 or a power of two
    size_t first_ = 0;
    size_t size_ = 0;
    size_t bytes_ = 0;
};

}  // namespace patchbay::engine
