#include "runtime/net/timer_queue.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

namespace patchbay::net {

TimerId TimerQueue::add(Clock::time_point when, Task task) {
    if (free_slots_.empty()) {
        assert(slots_.size() < (size_t{1} << slot_bits));
        free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const uint32_t index = free_slots_.back();
    free_slots_.pop_back();

    const TimerId id = (next_sequence_++ << slot_bits) | index;
    slots_[index].id = id;
    slots_[index].task = std::move(task);
    heap_.push_back({when, id});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    return id;
}

void TimerQueue::cancel(TimerId timer) {
    Slot* slot = find(timer);
    if (slot == nullptr) return;

    const Task dropped = take(*slot);  // destroyed last: its captures may call back into here
    ++cancelled_;
    if (cancelled_ > 64 && cancelled_ > heap_.size() / 2) drop_cancelled();
}

void TimerQueue::run_due(Clock::time_point now) {
    const uint64_t first_new = next_sequence_;
    while (!heap_.empty() && heap_.front().when <= now) {
        const TimerId id = heap_.front().id;
        if (id >> slot_bits >= first_new) return;
        pop();
        Slot* slot = find(id);
        if (slot == nullptr) {
            --cancelled_;
            continue;
        }
        Task task = take(*slot);
        task();
    }
}

void TimerQueue::clear() {
    while (!heap_.empty()) {
        const TimerId id = heap_.front().id;
        pop();
        if (Slot* slot = find(id)) take(*slot);
    }
    cancelled_ = 0;
}

TimerQueue::Slot* TimerQueue::find(TimerId timer) {
    const size_t index = timer & ((TimerId{1} << slot_bits) - 1);
    if (timer == 0 || index >= slots_.size() || slots_[index].id != timer) return nullptr;
    return &slots_[index];
}

Task TimerQueue::take(Slot& slot) {
    slot.id = 0;
    free_slots_.push_back(static_cast<uint32_t>(&slot - slots_.data()));
    return std::exchange(slot.task, nullptr);
}

void TimerQueue::pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
}

void TimerQueue::drop_cancelled() {
    std::erase_if(heap_, [this](const Entry& entry) { return find(entry.id) == nullptr; });
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    cancelled_ = 0;
}

}  // namespace patchbay::net
