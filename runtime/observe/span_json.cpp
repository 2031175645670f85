#include "runtime/observe/span_json.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::observe {
namespace {

using nlohmann::json;

json to_json(const SpanAttributes& attributes) {
    auto object = json::object();
    for (const auto& [name, value] : attributes)
        std::visit([&](const auto& any) { object[name] = any; }, value);
    return object;
}

json to_json(const SpanEvent& event) {
    return {{"name", event.name},
            {"time_ns", std::to_string(event.time_ns)},
            {"attributes", to_json(event.attributes)}};
}

json to_json(const Span& span) {
    auto events = json::array();
    for (const auto& event : span.events) events.push_back(to_json(event));
    json object{{"trace_id", hex(span.trace_id)},
                {"span_id", hex(span.span_id)},
                {"name", span.name},
                {"kind", span.kind},
                {"start_ns", std::to_string(span.start_ns)},
                {"end_ns", std::to_string(span.end_ns)},
                {"status", span.failed ? "error" : "ok"},
                {"attributes", to_json(span.attributes)},
                {"events", std::move(events)}};
    if (span.parent_span_id) object["parent_span_id"] = hex(*span.parent_span_id);
    return object;
}

}  // namespace

std::string spans_json(std::span<const std::shared_ptr<const Span>> spans) {
    auto array = json::array();
    for (const auto& span : spans) array.push_back(to_json(*span));
    return array.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace patchbay::observe
