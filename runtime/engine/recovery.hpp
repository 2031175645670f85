// What a run has to bring to its end, after a crash, before its agent is asked again: tool calls
// that had begun to wait or may act again.
#pragma once

#include "runtime/engine/remains.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/scope.hpp"

#include <list>
#include <vector>

namespace patchbay::engine {

struct Run::Recovery final : EventSink {
    explicit Recovery(Run& recovered) : run(recovered) {}
    patchbay_status deliver(std::span<const patchbay_event> events) override;

    Run& run;
    std::vector<RemainingCall> open_calls;
    uint64_t last_seq = 0;
    uint64_t shown_from = 0;
    bool begun = false;
    bool counted = false;                        // the next attempt, for something acts
    size_t running = 0;                          // calls that have no result yet
    std::vector<std::unique_ptr<Scope>> scopes;  // one for each call: last, so that it goes first
};

}  // namespace patchbay::engine
