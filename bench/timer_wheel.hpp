// Timers for thousands of streams that all tick: one list per millisecond, nothing sorted, nothing
// allocated after a while. Good to a millisecond.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bench {

class TimerWheel {
public:
    explicit TimerWheel(int64_t now_ms) : now_ms_(now_ms), slots_(slot_count) {}

    // `id` comes out of expire() at `when_ms` or, when that has passed, at its next call. An id may
    // come out after its owner has gone: `stamp` is for telling.
    struct Entry {
        int64_t when_ms;
        uint32_t id;
        uint32_t stamp;
    };
    void add(const Entry& entry);

    // Appends what is due to `due`.
    void expire(int64_t now_ms, std::vector<Entry>& due);

    // Milliseconds until something is due, at most `limit_ms`; a guess on the early side.
    int wait_ms(int limit_ms) const;

private:
    static constexpr int64_t slot_count = 4096;  // what lies further ahead passes by, and stays

    int64_t now_ms_;
    std::vector<std::vector<Entry>> slots_;
    std::vector<Entry> passing_;
};

}  // namespace bench
