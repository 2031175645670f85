// A span: something that was done, from when until when, and how it went.
#pragma once

#include "runtime/observe/trace_context.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace patchbay::observe {

using SpanValue = std::variant<std::string, int64_t, double, bool>;
using SpanAttributes = std::vector<std::pair<std::string, SpanValue>>;

struct SpanEvent {
    std::string name;
    int64_t time_ns = 0;  // Unix time, as the next
    SpanAttributes attributes;
};

struct Span {
    TraceId trace_id{};
    SpanId span_id{};
    std::optional<SpanId> parent_span_id;
    std::string name;               // "api.stream": of a kind of work, never of one piece of it
    std::string kind = "internal";  // or "server", "client"
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    bool failed = false;
    SpanAttributes attributes;
    std::vector<SpanEvent> events;
};

// Where finished spans go.
class SpanSink {
public:
    virtual ~SpanSink() = default;

    // False while nobody wants spans: then there is no need to make one. [any-thread]
    virtual bool wanted() const = 0;

    // Never blocks on an exporter: what does not fit is dropped and counted. [any-thread]
    virtual void record(Span&& span) = 0;
};

}  // namespace patchbay::observe
