// What a run has to say and has not committed yet: its open buffer, and the one batch that is at
// the writer.
#pragma once

#include "db/store.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace patchbay::engine {

class RunOutput {
public:
    RunOutput(InteractionId interaction, RunId run) : interaction_(interaction), run_(run) {}

    // Adds an event; a delta is joined to the last one when kind, channel and attempt are the same
    // and they are at most 4 KiB together.
    void add(Event event);
    // Rows to be written with the events that are open now.
    void add(Projection projection) { projections_.push_back(std::move(projection)); }

    bool in_flight() const { return in_flight_; }
    bool has_open() const { return !events_.empty() || !projections_.empty(); }
    size_t open_bytes() const { return open_bytes_; }
    size_t open_events() const { return events_.size(); }

    // Puts all that is open into `batch`, an empty one, which is now in flight. Only when none is.
    void take(Batch& batch);

    // The batch came back: committed, or refused; then its events are open again, in order.
    void committed() { in_flight_ = false; }
    void take_back(Batch& batch);

private:
    static constexpr size_t joined_bytes = 4096;

    InteractionId interaction_;
    RunId run_;
    std::vector<Event> events_;
    std::vector<Projection> projections_;
    size_t open_bytes_ = 0;
    bool in_flight_ = false;
};

}  // namespace patchbay::engine
