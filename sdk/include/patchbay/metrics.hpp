// Figures that an administrator reads at /api/metrics, in Prometheus' format.
//
//   hits_ = value_or_raise(patchbay::define_counter(host, "hits_total", "Hits", {"kind"}));
//   hits_.add(1, {"warm"});
//
// Names      the host puts "patchbay_plugin_" before them, and the label `instance` beside.
// Threads    defined in create() alone [control]; used from anywhere [any-thread]; never blocks.
// Limits     64 metrics of one instance, 4 labels of one; 100 values of one label, then "other".
// Errors     bad_request, conflict (the name is taken), limit, bad_state (after create()).
//            Figures go nowhere with a host that has no metrics, and those of a metric that is not
//            defined, or whose number of label values is not that of its labels.
#pragma once

#include <patchbay/failed.hpp>
#include <patchbay/host.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace patchbay {

using Labels = std::initializer_list<std::string_view>;

namespace detail {

class Metric {
public:
    Metric() = default;
    Metric(const Host& host, uint32_t id, size_t labels) noexcept
        : host_(&host), id_(id), labels_(labels) {}

protected:
    using Change = patchbay_status (*)(const patchbay_host*, uint32_t, const patchbay_str*,
                                       uint32_t, double);

    void change(Change patchbay_metrics_1::*how, Labels values, double value) const noexcept {
        if (!host_ || values.size() != labels_) return;
        std::array<patchbay_str, 4> views = {};
        std::ranges::transform(values, views.begin(),
                               [](std::string_view text) { return view_of(text); });
        (host_->interfaces().metrics->*how)(host_->raw(), id_, views.data(),
                                            static_cast<uint32_t>(values.size()), value);
    }

private:
    const Host* host_ = nullptr;
    uint32_t id_ = 0;
    size_t labels_ = 0;
};

template <class T>
Result<T> define(const Host& host, std::string_view name, std::string_view help, Labels labels,
                 uint32_t kind, std::span<const double> limits = {}) {
    const auto* table = host.interfaces().metrics;
    if (!table) return T();
    if (labels.size() > 4) return failure(ErrorCode::bad_request, "a metric has 4 labels at most");
    std::vector<patchbay_str> views;
    for (const auto label : labels) views.push_back(view_of(label));
    patchbay_metric metric = {};
    metric.name = view_of(name);
    metric.help = view_of(help);
    metric.labels = views.data();
    metric.bucket_limits = limits.data();
    metric.kind = kind;
    metric.label_count = static_cast<uint32_t>(views.size());
    metric.bucket_count = static_cast<uint32_t>(limits.size());
    uint32_t id = 0;
    const auto status = table->define(host.raw(), &metric, &id);
    if (status < 0)
        return failure(code_of(status), "the host refused the metric " + std::string(name));
    return T(host, id, views.size());
}

}  // namespace detail

// What only grows. [any-thread]
class Counter : public detail::Metric {
public:
    using Metric::Metric;
    void add(double value = 1, Labels values = {}) const noexcept {
        change(&patchbay_metrics_1::add, values, value);
    }
};

// What comes and goes. [any-thread]
class Gauge : public detail::Metric {
public:
    using Metric::Metric;
    void add(double value, Labels values = {}) const noexcept {
        change(&patchbay_metrics_1::add, values, value);
    }
    void set(double value, Labels values = {}) const noexcept {
        change(&patchbay_metrics_1::set, values, value);
    }
};

// How what was observed is spread. [any-thread]
class Histogram : public detail::Metric {
public:
    using Metric::Metric;
    void observe(double value, Labels values = {}) const noexcept {
        change(&patchbay_metrics_1::add, values, value);
    }
};

// `name` ends in "_total". [control]
[[nodiscard]] inline Result<Counter> define_counter(const Host& host, std::string_view name,
                                                    std::string_view help, Labels labels = {}) {
    return detail::define<Counter>(host, name, help, labels, PATCHBAY_METRIC_COUNTER);
}

// As above, with a name that does not. [control]
[[nodiscard]] inline Result<Gauge> define_gauge(const Host& host, std::string_view name,
                                                std::string_view help, Labels labels = {}) {
    return detail::define<Gauge>(host, name, help, labels, PATCHBAY_METRIC_GAUGE);
}

// `limits`: the upper ends of its buckets, rising. [control]
[[nodiscard]] inline Result<Histogram> define_histogram(const Host& host, std::string_view name,
                                                        std::string_view help,
                                                        std::span<const double> limits,
                                                        Labels labels = {}) {
    return detail::define<Histogram>(host, name, help, labels, PATCHBAY_METRIC_HISTOGRAM, limits);
}

}  // namespace patchbay
