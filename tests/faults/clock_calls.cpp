// The wall clock of a process, moved by Control::clock_offset_ms. Other clocks stay.
#undef _FORTIFY_SOURCE
#include "control.hpp"

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <ctime>

namespace {

constexpr long second_ns = 1'000'000'000;

timespec moved_now(clockid_t clock) {
    timespec now{};
    syscall(SYS_clock_gettime, clock, &now);
    const auto* set = patchbay::faults::settings();
    if (!set) return now;
    const int64_t offset_ms = set->control->clock_offset_ms.load(std::memory_order_relaxed);
    now.tv_sec += offset_ms / 1000;
    now.tv_nsec += offset_ms % 1000 * 1'000'000;
    if (now.tv_nsec < 0) now = {now.tv_sec - 1, now.tv_nsec + second_ns};
    if (now.tv_nsec >= second_ns) now = {now.tv_sec + 1, now.tv_nsec - second_ns};
    return now;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    *time = moved_now(clock);
    return 0;
}

int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
    const timespec now = moved_now(CLOCK_REALTIME);
    *time = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* out) noexcept {
    const timespec now = moved_now(CLOCK_REALTIME);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

}  // extern "C"
