// The spans of a run: its own, in its client's trace, and in it those of the agents, models and
// tools that work for it.
#pragma once

#include "db/records.hpp"
#include "runtime/observe/span.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::engine {

class Shard;

// Where a run stands: in the trace of `traceparent` (as the client sent it), else in one that has
// the run's id. The same after a crash.
observe::TraceContext trace_of_run(const RunId& run, std::string_view traceparent);

// Once, when its outcome is committed. `sink` may be nullptr.
void record_run_span(observe::SpanSink* sink, const RunRecord& record,
                     std::string_view traceparent);

// A piece of a run's work; recorded when it ends. What goes before its end was cancelled.
//
// Threads    [lane].
class WorkSpan {
public:
    // `name`: "agent", "model" or "tool". A part of `parent`.
    WorkSpan(Shard& shard, const observe::TraceContext& parent, std::string_view name);
    ~WorkSpan();
    WorkSpan(const WorkSpan&) = delete;
    WorkSpan& operator=(const WorkSpan&) = delete;

    const observe::TraceContext& context() const { return context_; }
    std::string traceparent() const { return observe::traceparent_of(context_); }

    // [not after end()]
    void add(std::string_view name, observe::SpanValue value);
    void add(const Usage& usage);

    // `error`: nullptr when it did not fail. What comes after the first end does nothing.
    void end(std::string_view status, const Error* error);

private:
    Shard& shard_;
    const observe::TraceContext context_;
    std::optional<observe::Span> span_;  // while somebody wants it and it has not ended
};

}  // namespace patchbay::engine
