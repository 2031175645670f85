#include "runtime/engine/run_output.hpp"

#include <cassert>
#include <iterator>
#include <utility>

namespace patchbay::engine {
namespace {

// Events without a text fill the memory, too.
size_t cost_of(const Event& event) { return 64 + event.body.size(); }

}  // namespace

void RunOutput::add(Event event) {
    event.run = run_;
    if (!events_.empty() && event.kind == EventKind::delta && event.extra.empty()) {
        Event& last = events_.back();
        if (last.kind == EventKind::delta && last.channel == event.channel &&
            last.attempt == event.attempt && last.extra.empty() &&
            last.body.size() + event.body.size() <= joined_bytes) {
            open_bytes_ += event.body.size();
            last.body += event.body;
            return;
        }
    }
    open_bytes_ += cost_of(event);
    events_.push_back(std::move(event));
}

void RunOutput::take(Batch& batch) {
    assert(!in_flight_ && batch.events.empty() && batch.projections.empty());
    batch.interaction = interaction_;
    batch.run = run_;
    batch.events.swap(events_);  // the memory of a batch that was used before is ours now
    batch.projections.swap(projections_);
    open_bytes_ = 0;
    in_flight_ = true;
}

void RunOutput::take_back(Batch& batch) {
    in_flight_ = false;
    const size_t shift = batch.events.size();
    for (auto& projection : projections_) {
        if (auto* message = std::get_if<InsertMessage>(&projection)) message->event += shift;
    }
    for (const auto& event : batch.events) open_bytes_ += cost_of(event);
    std::ranges::move(events_, std::back_inserter(batch.events));
    std::ranges::move(projections_, std::back_inserter(batch.projections));
    events_ = std::move(batch.events);
    projections_ = std::move(batch.projections);
}

}  // namespace patchbay::engine
