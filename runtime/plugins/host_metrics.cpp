// patchbay.metrics/1
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/plugin_call.hpp"

#include <algorithm>
#include <cmath>

namespace patchbay::plugins {
namespace {

constexpr size_t longest_name = 64;
constexpr size_t longest_help = 1000;
constexpr uint32_t most_buckets = 64;

using Labels = std::array<std::string_view, observe::Meter::most_labels>;

bool is_name(patchbay_str text) {
    const auto name = view(text);
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    return !name.empty() && name.size() <= longest_name && is_letter(name.front()) &&
           std::ranges::all_of(
               name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// "instance" is the host's, "le" the histograms'.
bool read_labels(const patchbay_metric& metric, observe::MeterDefinition& into) {
    if (metric.label_count > observe::Meter::most_labels) return false;
    if (metric.label_count > 0 && !metric.labels) return false;
    for (uint32_t i = 0; i < metric.label_count; ++i) {
        const auto name = view(metric.labels[i]);
        if (!is_name(metric.labels[i]) || name == "instance" || name == "le") return false;
        if (std::ranges::find(into.labels, name) != into.labels.end()) return false;
        into.labels.emplace_back(name);
    }
    return true;
}

bool read_buckets(const patchbay_metric& metric, observe::MeterDefinition& into) {
    if (into.kind != observe::MeterKind::histogram) return metric.bucket_count == 0;
    if (metric.bucket_count < 1 || metric.bucket_count > most_buckets) return false;
    if (!metric.bucket_limits) return false;
    into.bucket_limits.assign(metric.bucket_limits, metric.bucket_limits + metric.bucket_count);
    const auto not_rising = [](double left, double right) { return !(left < right); };
    return std::ranges::all_of(into.bucket_limits,
                               [](double each) { return std::isfinite(each); }) &&
           std::ranges::adjacent_find(into.bucket_limits, not_rising) == into.bucket_limits.end();
}

bool read_kind(uint32_t kind, observe::MeterDefinition& into) {
    if (kind < PATCHBAY_METRIC_COUNTER || kind > PATCHBAY_METRIC_HISTOGRAM) return false;
    into.kind = kind == PATCHBAY_METRIC_COUNTER ? observe::MeterKind::counter
                : kind == PATCHBAY_METRIC_GAUGE ? observe::MeterKind::gauge
                                                : observe::MeterKind::histogram;
    const bool says_total = into.name.ends_with("_total");
    return says_total == (into.kind == observe::MeterKind::counter);
}

patchbay_status define(const patchbay_host* host, const patchbay_metric* metric,
                       uint32_t* id) noexcept {
    auto& instance = Instance::of(host);
    auto* const call = PluginCall::current();
    if (!instance.in_create()) return PATCHBAY_E_BAD_STATE;
    if (!call || &call->instance() != &instance) return PATCHBAY_E_WRONG_THREAD;
    if (!metric || !id || !is_name(metric->name) || !is_readable(metric->help))
        return PATCHBAY_E_BAD_REQUEST;
    observe::MeterDefinition definition{.name = std::string(view(metric->name)),
                                        .help = printable(view(metric->help), longest_help)};
    if (!read_kind(metric->kind, definition) || !read_labels(*metric, definition) ||
        !read_buckets(*metric, definition))
        return PATCHBAY_E_BAD_REQUEST;
    const auto defined = instance.metrics().define(std::move(definition));
    if (!defined) {
        instance.note("metrics.define(): " + printable(defined.error().message, 500));
        return status_of(defined.error().code);
    }
    *id = *defined;
    return PATCHBAY_OK;
}

// The metric and the values of its labels; nullptr: an unknown id, another number of values than
// it has labels, or values that are no text.
observe::Meter* find(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                     uint32_t count, Labels& labels) {
    auto* const meter = Instance::of(host).metrics().find(id);
    if (!meter || count != meter->definition().labels.size()) return nullptr;
    if (count > 0 && !label_values) return nullptr;
    for (uint32_t i = 0; i < count; ++i) {
        if (!is_readable(label_values[i]) || !is_utf8(view(label_values[i]))) return nullptr;
        labels[i] = view(label_values[i]);
    }
    return meter;
}

patchbay_status add(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                    uint32_t label_count, double value) noexcept {
    Labels labels;
    auto* const meter = find(host, id, label_values, label_count, labels);
    const bool done = meter && meter->add({labels.data(), label_count}, value);
    return done ? PATCHBAY_OK : PATCHBAY_E_BAD_REQUEST;
}

patchbay_status set(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                    uint32_t label_count, double value) noexcept {
    Labels labels;
    auto* const meter = find(host, id, label_values, label_count, labels);
    const bool done = meter && meter->set({labels.data(), label_count}, value);
    return done ? PATCHBAY_OK : PATCHBAY_E_BAD_REQUEST;
}

}  // namespace

const patchbay_metrics_1 host_metrics{.define = define, .add = add, .set = set};

}  // namespace patchbay::plugins
