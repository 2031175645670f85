// Whether a thread has come to its very end: also the destructors of its thread-local objects, in
// which a plugin may hang, are behind it then, and to join it takes no time.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace patchbay::observe {

// Threads    set() on the thread itself; is_gone() is [any-thread].
class KernelThread {
public:
    void set() { id_.store(gettid(), std::memory_order_release); }

    // False before set(). An id is used again only after very many threads; then it is gone later.
    bool is_gone() const {
        const auto id = id_.load(std::memory_order_acquire);
        return id != 0 && syscall(SYS_tgkill, getpid(), id, 0) != 0 && errno == ESRCH;
    }

private:
    std::atomic<pid_t> id_{0};
};

}  // namespace patchbay::observe
