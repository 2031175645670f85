// patchbay.metrics/1 as the plugin sees it.
#include "runtime/validate/host_side.hpp"

#include <fmt/format.h>

namespace patchbay::validate {
namespace {

constexpr uint32_t most_labels = 4;

const patchbay_metrics_1& inner_metrics(Session& session) {
    return *inner_table<patchbay_metrics_1>(session, PATCHBAY_METRICS_1);
}

patchbay_status define(const patchbay_host* host, const patchbay_metric* metric, uint32_t* id) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("metrics.define", Tag::control)) return PATCHBAY_E_WRONG_THREAD;
    HandedOver texts(probe, "metrics.define");
    texts.text(metric->help, "a help text");
    for (uint32_t i = 0; i < metric->label_count && i < most_labels; ++i)
        texts.text(metric->labels[i], "a label");
    if (!texts.in_order()) return PATCHBAY_E_BAD_REQUEST;
    const auto status = inner_metrics(session).define(session.inner(), metric, id);
    if (status == PATCHBAY_E_BAD_REQUEST)
        probe.find(Breach::bad_argument, "metrics.define() got a metric that breaks its rules");
    if (status == PATCHBAY_E_BAD_STATE)
        probe.find(Breach::bad_argument, "metrics.define() was called after create()");
    if (status == PATCHBAY_OK) session.metric_labels[*id] = metric->label_count;
    return status;
}

patchbay_status change(const patchbay_host* host, const char* function, uint32_t id,
                       const patchbay_str* label_values, uint32_t label_count, double value,
                       bool set) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    HandedOver texts(probe, function);
    const auto known = session.metric_labels.find(id);
    if (known != session.metric_labels.end() && known->second != label_count) {
        probe.find(Breach::bad_argument,
                   fmt::format("{}() got {} label values for a metric with {} labels", function,
                               label_count, known->second));
        return PATCHBAY_E_BAD_REQUEST;
    }
    for (uint32_t i = 0; i < label_count; ++i) texts.text(label_values[i], "a label's value");
    if (!texts.in_order()) return PATCHBAY_E_BAD_REQUEST;
    const auto& metrics = inner_metrics(session);
    const auto status =
        (set ? metrics.set : metrics.add)(session.inner(), id, label_values, label_count, value);
    if (status == PATCHBAY_E_BAD_REQUEST)
        probe.find(
            Breach::bad_argument,
            std::string(function) + "() got an unknown id, or a value that it does not take");
    return status;
}

patchbay_status add(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                    uint32_t label_count, double value) {
    return change(host, "metrics.add", id, label_values, label_count, value, false);
}

patchbay_status set(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                    uint32_t label_count, double value) {
    return change(host, "metrics.set", id, label_values, label_count, value, true);
}

const patchbay_metrics_1 table = {.define = &define, .add = &add, .set = &set};

}  // namespace

const patchbay_metrics_1* wrapped_metrics_table() { return &table; }

}  // namespace patchbay::validate
