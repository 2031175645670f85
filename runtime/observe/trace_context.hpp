// W3C trace context: which trace a piece of work belongs to, and what it is a part of there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::observe {

using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

constexpr uint8_t sampled = 1;  // of the flags

struct TraceContext {
    TraceId trace_id{};
    SpanId span_id{};
    uint8_t flags = 0;

    bool operator==(const TraceContext&) const = default;
};

// A header "traceparent"; nothing when it is none. A version beyond 00 is read by what 00 says.
std::optional<TraceContext> parse_traceparent(std::string_view text);
std::string traceparent_of(const TraceContext& context);  // version 00

// The context of a new piece of work: in the trace of `parent`, its span is new. Random, and never
// all zeros.
TraceContext begin_span(const TraceContext& parent);

std::string hex(const TraceId& id);
std::string hex(const SpanId& id);

}  // namespace patchbay::observe
