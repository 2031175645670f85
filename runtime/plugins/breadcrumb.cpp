#include "runtime/plugins/breadcrumb.hpp"

#include <signal.h>
#include <time.h>

#include <memory>

namespace patchbay::plugins {
namespace {

constinit thread_local const Breadcrumb* latest = nullptr;

constinit std::array<CallMark, call_mark_count> marks;
constinit std::array<std::atomic<bool>, call_mark_count> taken;
constinit thread_local CallMark* mine = nullptr;

// A second stack for the thread's signal handlers: a plugin may overflow the first one. Where there
// is one already (a sanitizer's), it stays.
class SignalStack {
public:
    SignalStack() {
        stack_t present{};
        sigaltstack(nullptr, &present);
        if (!(present.ss_flags & SS_DISABLE)) return;
        memory_ = std::make_unique<char[]>(size);
        stack_t stack{};
        stack.ss_sp = memory_.get();
        stack.ss_size = size;
        sigaltstack(&stack, nullptr);
    }
    ~SignalStack() {
        if (!memory_) return;
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
    }
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

private:
    static constexpr size_t size = 64 * 1024;
    std::unique_ptr<char[]> memory_;
};

// Takes a mark for its thread and gives it back when the thread ends.
class Claim {
public:
    Claim() {
        for (size_t i = 0; i < taken.size() && !mine; ++i) {
            if (!taken[i].exchange(true, std::memory_order_acq_rel)) mine = &marks[i];
        }
    }
    ~Claim() {
        if (!mine) return;
        mine->set({});
        taken[static_cast<size_t>(mine - marks.data())].store(false, std::memory_order_release);
        mine = nullptr;
    }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

private:
    SignalStack signal_stack_;
};

int64_t nanoseconds(const timespec& time) {
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

const Breadcrumb* current_breadcrumb() { return latest; }

void set_breadcrumb(const Breadcrumb* breadcrumb) {
    latest = breadcrumb;
    std::atomic_signal_fence(std::memory_order_seq_cst);  // a crash may be the next instruction
}

int64_t coarse_now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return nanoseconds(now);
}

int64_t coarse_tick_ns() {
    timespec tick{};
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return nanoseconds(tick);
}

CallMark* CallMark::of_this_thread() {
    if (!mine) {
        thread_local Claim claim;
    }
    return mine;
}

void CallMark::set(const Call& call) {
    started_ns_.store(0, std::memory_order_release);
    instance_.store(call.instance, std::memory_order_release);
    slot_.store(call.slot, std::memory_order_release);
    whose_.store(call.whose, std::memory_order_release);
    on_lane_.store(call.on_lane, std::memory_order_release);
    started_ns_.store(call.started_ns, std::memory_order_release);
}

CallMark::Call CallMark::get() const {
    const auto started = started_ns_.load(std::memory_order_acquire);
    const Call call{started, instance_.load(std::memory_order_acquire),
                    slot_.load(std::memory_order_acquire), whose_.load(std::memory_order_acquire),
                    on_lane_.load(std::memory_order_acquire)};
    return started_ns_.load(std::memory_order_acquire) == started ? call : Call{};
}

std::mutex& marked_instances() {
    static std::mutex mutex;
    return mutex;
}

const std::array<CallMark, call_mark_count>& call_marks() { return marks; }

}  // namespace patchbay::plugins
