#include "runtime/engine/run_span.hpp"

namespace patchbay::engine {
namespace {

constexpr int64_t ns_in_ms = 1'000'000;

int64_t signed_count(uint64_t count) { return static_cast<int64_t>(count); }

observe::SpanAttributes attributes_of(const RunRecord& record) {
    observe::SpanAttributes attributes{
        {"run", record.id.str()},
        {"interaction", record.interaction.str()},
        {"turn", int64_t{record.turn}},
        {"attempt", int64_t{record.attempt}},
        {"agent", record.agent},
        {"provider", record.provider},
        {"model", record.model},
        {"status", std::string(name_of(record.status))},
        {"usage.prompt_tokens", signed_count(record.usage.prompt_tokens)},
        {"usage.completion_tokens", signed_count(record.usage.completion_tokens)},
        {"usage.cached_tokens", signed_count(record.usage.cached_tokens)},
        {"usage.reasoning_tokens", signed_count(record.usage.reasoning_tokens)},
        {"usage.estimated", record.usage.estimated}};
    if (record.cost_micros) attributes.emplace_back("cost_micros", *record.cost_micros);
    if (!record.error_json.empty()) attributes.emplace_back("error", record.error_json);
    return attributes;
}

}  // namespace

void record_run_span(observe::SpanSink* sink, const RunRecord& record,
                     std::string_view traceparent) {
    if (!sink || !sink->wanted()) return;
    const auto context = observe::begin_span(traceparent);
    observe::Span span{.trace_id = context.trace_id,
                       .span_id = context.span_id,
                       .name = "api.stream",
                       .kind = "server",
                       .end_ns = record.ended_at_ms * ns_in_ms,
                       .failed = record.status == RunStatus::failed,
                       .attributes = attributes_of(record)};
    // One that was cancelled in the queue has not begun.
    span.start_ns = record.started_at_ms ? record.started_at_ms * ns_in_ms : span.end_ns;
    if (const auto parent = observe::parse_traceparent(traceparent))
        span.parent_span_id = parent->span_id;
    sink->record(std::move(span));
}

}  // namespace patchbay::engine
