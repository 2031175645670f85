#include "runtime/engine/work_span.hpp"

#include "runtime/engine/shard.hpp"

#include <algorithm>

namespace patchbay::engine {
namespace {

constexpr int64_t ns_in_ms = 1'000'000;

int64_t signed_count(uint64_t count) { return static_cast<int64_t>(count); }

void add_usage(observe::SpanAttributes& attributes, const Usage& usage) {
    attributes.emplace_back("usage.prompt_tokens", signed_count(usage.prompt_tokens));
    attributes.emplace_back("usage.completion_tokens", signed_count(usage.completion_tokens));
    attributes.emplace_back("usage.cached_tokens", signed_count(usage.cached_tokens));
    attributes.emplace_back("usage.reasoning_tokens", signed_count(usage.reasoning_tokens));
    attributes.emplace_back("usage.estimated", usage.estimated);
}

observe::SpanAttributes attributes_of(const RunRecord& record) {
    observe::SpanAttributes attributes{
        {"run", record.id.str()},       {"interaction", record.interaction.str()},
        {"turn", int64_t{record.turn}}, {"attempt", int64_t{record.attempt}},
        {"agent", record.agent},        {"provider", record.provider},
        {"model", record.model},        {"status", std::string(name_of(record.status))}};
    add_usage(attributes, record.usage);
    if (record.cost_micros) attributes.emplace_back("cost_micros", *record.cost_micros);
    if (!record.error_json.empty()) attributes.emplace_back("error", record.error_json);
    return attributes;
}

}  // namespace

// An id is a UUID: 16 bytes as a trace's, and its second half as random as a span's.
observe::TraceContext trace_of_run(const RunId& run, std::string_view traceparent) {
    auto context =
        observe::parse_traceparent(traceparent)
            .value_or(observe::TraceContext{.trace_id = run.bytes(), .flags = observe::sampled});
    std::ranges::copy_n(run.bytes().begin() + 8, 8, context.span_id.begin());
    return context;
}

void record_run_span(observe::SpanSink* sink, const RunRecord& record,
                     std::string_view traceparent) {
    if (!sink || !sink->wanted()) return;
    const auto context = trace_of_run(record.id, traceparent);
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

WorkSpan::WorkSpan(Shard& shard, const observe::TraceContext& parent, std::string_view name)
    : shard_(shard), context_(observe::begin_span(parent)) {
    if (!shard.spans() || !shard.spans()->wanted()) return;
    span_.emplace(observe::Span{.trace_id = context_.trace_id,
                                .span_id = context_.span_id,
                                .parent_span_id = parent.span_id,
                                .name = std::string(name),
                                .start_ns = shard.unix_ms() * ns_in_ms});
}

WorkSpan::~WorkSpan() { end("cancelled", nullptr); }

void WorkSpan::add(std::string_view name, observe::SpanValue value) {
    if (span_) span_->attributes.emplace_back(std::string(name), std::move(value));
}

void WorkSpan::add(const Usage& usage) {
    if (span_) add_usage(span_->attributes, usage);
}

void WorkSpan::end(std::string_view status, const Error* error) {
    if (!span_) return;
    add("status", std::string(status));
    if (error) add("error", std::string(name_of(error->code)));
    span_->failed = error != nullptr;
    span_->end_ns = shard_.unix_ms() * ns_in_ms;
    shard_.spans()->record(std::move(*span_));
    span_.reset();
}

}  // namespace patchbay::engine
