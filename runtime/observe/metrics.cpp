#include "runtime/observe/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>

namespace patchbay::observe {
namespace {

prometheus::MetricFamily family(const std::string& name, const std::string& help,
                                prometheus::MetricType type, prometheus::ClientMetric metric) {
    prometheus::MetricFamily made;
    made.name = name;
    made.help = help;
    made.type = type;
    made.metric.push_back(std::move(metric));
    return made;
}

}  // namespace

void Metrics::counter(const std::string& name, const std::string& help, uint64_t value) {
    prometheus::ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    families_.push_back(family(name, help, prometheus::MetricType::Counter, std::move(metric)));
}

void Metrics::gauge(const std::string& name, const std::string& help, uint64_t value) {
    prometheus::ClientMetric metric;
    metric.gauge.value = static_cast<double>(value);
    families_.push_back(family(name, help, prometheus::MetricType::Gauge, std::move(metric)));
}

void Metrics::add(std::vector<prometheus::MetricFamily> families) {
    std::ranges::move(families, std::back_inserter(families_));
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(families_); }

}  // namespace patchbay::observe
