#include "runtime/engine/live_window.hpp"

namespace patchbay::engine {
namespace {

size_t bytes_of(const Event& event) {
    return sizeof(Event) + event.body.size() + event.extra.size();
}

}  // namespace

void LiveWindow::push(Event event) {
    if (!events_.empty() && events_.back().seq + 1 != event.seq) {
        events_.clear();
        bytes_ = 0;
    }
    bytes_ += bytes_of(event);
    events_.push_back(std::move(event));
}

const Event* LiveWindow::find(uint64_t seq) const {
    if (events_.empty() || seq < events_.front().seq) return nullptr;
    const auto index = seq - events_.front().seq;
    return index < events_.size() ? &events_[index] : nullptr;
}

void LiveWindow::trim(uint64_t seq) {
    while (events_.size() > keep_events && (events_.front().seq <= seq || bytes_ > limit_bytes)) {
        drop_first();
    }
}

void LiveWindow::drop_first() {
    bytes_ -= bytes_of(events_.front());
    events_.pop_front();
}

}  // namespace patchbay::engine
