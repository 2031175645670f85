// The timers of one event loop: a binary heap with lazy cancellation. A cancelled timer's task goes
// at once; its place in the heap goes when it comes up, or when such places outnumber the others.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <cstdint>
#include <vector>

namespace patchbay::net {

class TimerQueue {
public:
    TimerId add(Clock::time_point when, Task task);
    void cancel(TimerId timer);

    // Runs what is due. A timer that is added meanwhile waits for the next call, however soon it
    // is due: a task that re-arms itself must not keep the loop from its sockets.
    void run_due(Clock::time_point now);

    void clear();  // the tasks are destroyed without being run

    bool empty() const { return heap_.empty(); }
    Clock::time_point next() const { return heap_.front().when; }  // not when empty()

private:
    // An id is a sequence number above the index of the task's slot: unique, and ordered by age.
    static constexpr unsigned slot_bits = 24;

    struct Entry {
        Clock::time_point when;
        TimerId id;
        bool operator>(const Entry& other) const {
            return when != other.when ? when > other.when : id > other.id;
        }
    };
    struct Slot {
        TimerId id = 0;  // 0 = free
        Task task;
    };

    Slot* find(TimerId timer);
    Task take(Slot& slot);
    void pop();
    void drop_cancelled();

    std::vector<Entry> heap_;
    std::vector<Slot> slots_;
    std::vector<uint32_t> free_slots_;
    uint64_t next_sequence_ = 1;
    size_t cancelled_ = 0;  // entries of heap_ whose timer is no more
};

}  // namespace patchbay::net
