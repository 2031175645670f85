// One scrape's worth of metrics, in Prometheus' text format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

namespace patchbay::observe {

class Metrics {
public:
    // `name` ends in _total.
    void counter(const std::string& name, const std::string& help, uint64_t value);
    void gauge(const std::string& name, const std::string& help, uint64_t value);

    void add(std::vector<prometheus::MetricFamily> families);

    std::string text() const;

private:
    std::vector<prometheus::MetricFamily> families_;
};

}  // namespace patchbay::observe
