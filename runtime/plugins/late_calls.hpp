// Which of an instance's late calls count against it, and which the machine is to blame for.
//
// A thread that waits for a processor holds its lane through no fault of the plugin's: the kernel
// says for how long it did. The rest of a late call is the plugin's own. It adds up, so that many
// short delays weigh as much as a long one.
#pragma once

#include "runtime/plugins/fault_log.hpp"

#include <atomic>
#include <cstdint>
#include <optional>

namespace patchbay::plugins {

// A call began on this thread at `now_ns` (coarse_now_ns()). Asks the kernel ten times a second at
// most: some nanoseconds, as a rule.
void note_call_begins(int64_t now_ns);

// How long this thread has waited for a processor since the last call on it began, or up to 100 ms
// more; nothing where the kernel does not say.
std::optional<int64_t> processor_wait_ns();

// Threads    [any-thread].
class LateCalls {
public:
    // Weighs one that held its lane for `held_ns`. `waited_ns`: of processor_wait_ns().
    FaultWeight weigh(int64_t held_ns, std::optional<int64_t> waited_ns);

private:
    std::atomic<int64_t> own_ns_{0};  // since the last one that counted
};

}  // namespace patchbay::plugins
