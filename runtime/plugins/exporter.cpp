#include "runtime/plugins/exporter.hpp"

#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/plugin_call.hpp"

namespace patchbay::plugins {
namespace {

constexpr const char* slot = "exporter.export_spans";

// On the courier's thread, which may block.
Result<void> send(Instance& instance, std::string_view json) {
    const auto& exporter = *instance.tables().exporter;
    PluginCall call(instance, slot, PluginCall::Where::worker);
    patchbay_status status = PATCHBAY_E_INTERNAL;
    const bool returned =
        call.guarded([&] { status = exporter.export_spans(instance.state(), borrow(json)); });
    if (!returned || status < 0) return std::unexpected(call.error_of(status));
    return {};
}

}  // namespace

std::vector<observe::SpanTarget> span_targets(const InstanceSet& instances) {
    std::vector<observe::SpanTarget> targets;
    for (const auto& instance : instances.on) {
        if (!instance->tables().exporter) continue;
        auto* const exporter = instance.get();  // the target's identity holds it
        targets.push_back(
            {.name = instance->name(),
             .identity = instance,
             .send = [exporter](std::string_view json) { return send(*exporter, json); },
             .report_fault = [exporter](std::string_view what) { exporter->fault(what); },
             .is_on = [exporter] { return exporter->is_alive(); }});
    }
    return targets;
}

}  // namespace patchbay::plugins
