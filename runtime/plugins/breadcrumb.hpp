// What this thread is doing in a plugin: readable from a signal handler, and, but for what may
// block, from the watchdog.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace patchbay::plugins {

class Instance;

// One call into a plugin. Lives on the caller's stack.
struct Breadcrumb {
    const char* instance;     // its name, which lives as long as the process
    const char* slot;         // "provider.open": a literal
    std::string_view run_id;  // "" = none
    const Breadcrumb* outer;  // the call around this one, or nullptr
};

// The innermost call of this thread, or nullptr. Async-signal-safe.
const Breadcrumb* current_breadcrumb();
void set_breadcrumb(const Breadcrumb* breadcrumb);

// Monotonic, some nanoseconds to read, and good to one tick of the kernel (1 to 10 ms).
int64_t coarse_now_ns();
int64_t coarse_tick_ns();

// The call into a plugin that one thread is in, for the watchdog.
class CallMark {
public:
    struct Call {
        int64_t started_ns = 0;  // 0 = in no plugin
        const char* instance = nullptr;
        const char* slot = nullptr;
        Instance* whose = nullptr;  // of one on a lane: see marked_instances()
        bool on_lane = false;       // else where one is made or destroyed
    };

    // This thread's mark, given back when the thread ends; nullptr when 256 threads have one. The
    // first call also gives the thread a stack for signal handlers.
    static CallMark* of_this_thread();

    void set(const Call& call);
    Call get() const;  // [any-thread] started_ns = 0 also while the call changes

private:
    std::atomic<int64_t> started_ns_{0};
    std::atomic<const char*> instance_{nullptr};
    std::atomic<const char*> slot_{nullptr};
    std::atomic<Instance*> whose_{nullptr};
    std::atomic<bool> on_lane_{false};
};

// Held while somebody asks a mark for a call on a lane, and then uses its instance. An instance
// takes it before it goes: so what a mark names under this lock is there.
std::mutex& marked_instances();

constexpr size_t call_mark_count = 256;
const std::array<CallMark, call_mark_count>& call_marks();

}  // namespace patchbay::plugins
