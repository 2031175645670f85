// The span of a run: recorded once, when its outcome is committed.
#pragma once

#include "db/records.hpp"
#include "runtime/observe/span.hpp"

#include <string_view>

namespace patchbay::engine {

// `sink` may be nullptr. `traceparent`: as the client sent it, "" = the run begins a trace.
void record_run_span(observe::SpanSink* sink, const RunRecord& record,
                     std::string_view traceparent);

}  // namespace patchbay::engine
