#include "runtime/engine/live_window.hpp"

#include <utility>

namespace patchbay::engine {
namespace {

size_t bytes_of(const Event& event) {
    return sizeof(Event) + event.body.size() + event.extra.size();
}

}  // namespace

void LiveWindow::push(Event event) {
    if (size_ > 0 && at(size_ - 1).seq + 1 != event.seq) clear();
    if (size_ == ring_.size()) resize_ring(size_ == 0 ? 2 * keep_events : 2 * size_);
    bytes_ += bytes_of(event);
    at(size_++) = std::move(event);
}

const Event* LiveWindow::find(uint64_t seq) const {
    if (size_ == 0 || seq < at(0).seq) return nullptr;
    const auto index = seq - at(0).seq;
    return index < size_ ? &at(index) : nullptr;
}

void LiveWindow::trim(uint64_t seq) {
    while (size_ > keep_events && (at(0).seq <= seq || bytes_ > limit_bytes)) drop_first();
    // Who was behind and has caught up gives the memory back.
    if (ring_.size() > 64 && size_ <= keep_events) resize_ring(2 * keep_events);
}

void LiveWindow::resize_ring(size_t slots) {
    std::vector<Event> ring(slots);
    for (size_t i = 0; i < size_; ++i) ring[i] = std::move(at(i));
    ring_ = std::move(ring);
    first_ = 0;
}

void LiveWindow::drop_first() {
    bytes_ -= bytes_of(at(0));
    at(0) = Event{};
    first_ = (first_ + 1) & (ring_.size() - 1);
    --size_;
}

void LiveWindow::clear() {
    while (size_ > 0) drop_first();
}

}  // namespace patchbay::engine
