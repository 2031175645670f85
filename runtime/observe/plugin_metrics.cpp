#include "runtime/observe/plugin_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace patchbay::observe {
namespace {

constexpr const char* prefix = "patchbay_plugin_";
constexpr std::string_view other = "other";

prometheus::MetricType type_of(MeterKind kind) {
    switch (kind) {
        case MeterKind::gauge: return prometheus::MetricType::Gauge;
        case MeterKind::histogram: return prometheus::MetricType::Histogram;
        default: return prometheus::MetricType::Counter;
    }
}

}  // namespace

bool MeterDefinition::is_same(const MeterDefinition& it) const {
    return name == it.name && kind == it.kind && labels == it.labels &&
           bucket_limits == it.bucket_limits;
}

// --- one instance's -----------------------------------------------------------------------------

// What has no labels shows its 0 from the first scrape on.
Meter::Meter(MeterDefinition definition) : definition_(std::move(definition)) {
    if (definition_.labels.empty()) add_series({});
}

size_t Meter::hash_of(const Values& values) {
    size_t sum = 0;
    for (const auto* value : values) sum = sum * 31 + std::hash<const void*>()(value) / 16;
    return sum;
}

bool Meter::add(std::span<const std::string_view> labels, double value) {
    if (!std::isfinite(value)) return false;
    if (definition_.kind == MeterKind::counter && value < 0) return false;
    count(series_of(labels), value);
    return true;
}

bool Meter::set(std::span<const std::string_view> labels, double value) {
    if (!std::isfinite(value) || definition_.kind != MeterKind::gauge) return false;
    series_of(labels).sum.store(value, std::memory_order_relaxed);
    return true;
}

void Meter::count(Series& series, double value) const {
    series.sum.fetch_add(value, std::memory_order_relaxed);
    if (definition_.kind != MeterKind::histogram) return;
    const auto& limits = definition_.bucket_limits;
    const auto bucket = std::ranges::lower_bound(limits, value) - limits.begin();
    series.buckets[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
}

// The one copy of a label's value, or that of "other".
const std::string* Meter::label_value(size_t label, std::string_view value) {
    auto& table = label_values_[label];
    const auto find = [&](std::string_view wanted) {
        return table.find(std::hash<std::string_view>()(wanted),
                          [&](const std::string& known) { return known == wanted; });
    };
    if (value.size() > longest_label_value) value = other;
    if (const auto* const known = find(value)) return known;
    if (table.size() >= most_values) {
        if (const auto* const known = find(other)) return known;
    }
    const std::lock_guard lock(growing_);
    if (table.size() >= most_values) value = other;
    if (const auto* const known = find(value)) return known;
    return &table.add(std::hash<std::string_view>()(value), std::make_unique<std::string>(value));
}

Meter::Series* Meter::find_series(const Values& values) const {
    return series_.find(hash_of(values),
                        [&](const Series& known) { return known.values == values; });
}

// Under the lock, when it is not there.
Meter::Series& Meter::add_series(const Values& values) {
    auto made = std::make_unique<Series>();
    made->values = values;
    if (definition_.kind == MeterKind::histogram)
        made->buckets =
            std::make_unique<std::atomic<uint64_t>[]>(definition_.bucket_limits.size() + 1);
    return series_.add(hash_of(values), std::move(made));
}

Meter::Series& Meter::series_of(std::span<const std::string_view> labels) {
    Values values{};
    for (size_t i = 0; i < labels.size(); ++i) values[i] = label_value(i, labels[i]);
    if (auto* const known = find_series(values)) return *known;
    if (series_.size() < most_series) {
        const std::lock_guard lock(growing_);
        if (auto* const known = find_series(values)) return *known;
        if (series_.size() < most_series) return add_series(values);
    }
    for (size_t i = 0; i < labels.size(); ++i) values[i] = label_value(i, other);
    if (auto* const known = find_series(values)) return *known;
    const std::lock_guard lock(growing_);
    auto* const known = find_series(values);
    return known ? *known : add_series(values);
}

void Meter::collect(const std::string& instance,
                    std::vector<prometheus::ClientMetric>& into) const {
    series_.each([&](const Series& series) {
        auto& metric = into.emplace_back();
        metric.label.push_back({"instance", instance});
        for (size_t i = 0; i < definition_.labels.size(); ++i)
            metric.label.push_back({definition_.labels[i], *series.values[i]});
        const auto sum = series.sum.load(std::memory_order_relaxed);
        metric.counter.value = sum;  // one of these is read, as the family's type says
        metric.gauge.value = sum;
        if (definition_.kind != MeterKind::histogram) return;
        metric.histogram.sample_sum = sum;
        const auto& limits = definition_.bucket_limits;
        uint64_t so_far = 0;
        for (size_t i = 0; i < limits.size(); ++i) {
            so_far += series.buckets[i].load(std::memory_order_relaxed);
            metric.histogram.bucket.push_back({so_far, limits[i]});
        }
        metric.histogram.sample_count =
            so_far + series.buckets[limits.size()].load(std::memory_order_relaxed);
    });
}

// --- all of them --------------------------------------------------------------------------------

void PluginMetrics::forget_unheld() {
    for (auto& [name, meters] : families_) {
        for (auto& [instance, held] : meters)
            std::erase_if(held, [](const auto& meter) { return meter.expired(); });
        std::erase_if(meters, [](const auto& entry) { return entry.second.empty(); });
    }
    std::erase_if(families_, [](const auto& entry) { return entry.second.empty(); });
}

std::shared_ptr<Meter> PluginMetrics::shown_of(const Held& held) {
    for (auto place = held.rbegin(); place != held.rend(); ++place) {
        if (auto meter = place->lock()) return meter;
    }
    return nullptr;
}

Result<std::shared_ptr<Meter>> PluginMetrics::define(const std::string& instance,
                                                     MeterDefinition definition) {
    const std::lock_guard lock(mutex_);
    forget_unheld();
    auto& meters = families_[definition.name];
    for (const auto& [owner, held] : meters) {
        const auto shown = owner == instance ? nullptr : shown_of(held);
        if (shown && !shown->definition().is_same(definition))
            return failure(ErrorCode::conflict, "the instance " + owner + " has defined " +
                                                    definition.name + " in another way");
    }
    auto& held = meters[instance];
    const auto same = std::ranges::find_if(held, [&](const auto& place) {
        const auto meter = place.lock();
        return meter && meter->definition().is_same(definition);
    });
    if (same != held.end()) {
        std::rotate(same, same + 1, held.end());
        if (auto meter = held.back().lock()) return meter;
        held.pop_back();
    }
    auto meter = std::make_shared<Meter>(std::move(definition));
    held.push_back(meter);
    return meter;
}

std::vector<prometheus::MetricFamily> PluginMetrics::collect() const {
    const std::lock_guard lock(mutex_);
    std::vector<prometheus::MetricFamily> families;
    for (const auto& [name, meters] : families_) {
        prometheus::MetricFamily family;
        family.name = prefix + name;
        for (const auto& [instance, held] : meters) {
            const auto meter = shown_of(held);
            if (!meter) continue;
            family.type = type_of(meter->definition().kind);
            if (family.help.empty()) family.help = meter->definition().help;
            meter->collect(instance, family.metric);
        }
        if (!family.metric.empty()) families.push_back(std::move(family));
    }
    return families;
}

}  // namespace patchbay::observe
