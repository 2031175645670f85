// An exporter as the fake host sees it.
#include "runtime/validate/plugin_side.hpp"

#include <chrono>

namespace patchbay::validate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds most_time{10};

patchbay_status export_spans(void* instance, patchbay_str spans_json) {
    auto& wrapped = *static_cast<WrappedInstance*>(instance);
    auto& session = *wrapped.session;
    LentMemory lent("exporter.export_spans", session.probe().guards_views());
    const auto spans = lent.text(spans_json, "spans_json");
    const auto start = Clock::now();
    const auto status = call_with_reason(session, "exporter.export_spans", Tag::worker, lent, [&] {
        return real_table<patchbay_exporter_1>->export_spans(wrapped.instance, spans);
    });
    if (Clock::now() - start > most_time)
        session.probe().find(Breach::late_return, "export_spans() did not return within 10 s");
    return status;
}

}  // namespace

const void* wrap_exporter(const void* table) {
    static constexpr patchbay_exporter_1 wrapped = {.export_spans = &export_spans};
    real_table<patchbay_exporter_1> = static_cast<const patchbay_exporter_1*>(table);
    return &wrapped;
}

}  // namespace patchbay::validate
