// The figures of an instance under test.
#pragma once

#include <patchbay/abi/metrics.h>
#include <patchbay/testing/fake_owner.hpp>
#include <patchbay/view.hpp>

#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::testing {

class FakeMetrics {
public:
    explicit FakeMetrics(FakeLane& lane) : lane_(lane) {}

    // What was added up or set; of a histogram, the sum of what was observed. Nothing when there is
    // no such metric, 0 when it was not touched.
    std::optional<double> value(std::string_view name,
                                const std::vector<std::string>& labels = {}) const {
        const std::lock_guard lock(mutex_);
        for (const auto& metric : metrics_) {
            if (metric.name != name) continue;
            const auto found = metric.values.find(labels);
            return found == metric.values.end() ? 0 : found->second;
        }
        return std::nullopt;
    }

    // --- for the fake host ----------------------------------------------------------------------
    patchbay_status define(const patchbay_metric& metric, bool creating, uint32_t* id) {
        const std::lock_guard lock(mutex_);
        if (!creating) return refuse("a metric defined after create", PATCHBAY_E_BAD_STATE);
        const auto name = text_of(metric.name);
        const bool counter = metric.kind == PATCHBAY_METRIC_COUNTER;
        const bool histogram = metric.kind == PATCHBAY_METRIC_HISTOGRAM;
        if (!is_name(name) || metric.kind < 1 || metric.kind > PATCHBAY_METRIC_HISTOGRAM ||
            metric.label_count > 4 || counter != name.ends_with("_total") ||
            histogram != (metric.bucket_count >= 1) || metric.bucket_count > 64)
            return PATCHBAY_E_BAD_REQUEST;
        for (const auto& known : metrics_)
            if (known.name == name) return PATCHBAY_E_CONFLICT;
        if (metrics_.size() >= 64) return PATCHBAY_E_LIMIT;
        metrics_.push_back({std::string(name), metric.kind, metric.label_count, {}});
        *id = static_cast<uint32_t>(metrics_.size());
        return PATCHBAY_OK;
    }

    patchbay_status change(uint32_t id, const patchbay_str* labels, uint32_t count, double value,
                           bool set) {
        const std::lock_guard lock(mutex_);
        if (id < 1 || id > metrics_.size())
            return refuse("a figure of an unknown metric", PATCHBAY_E_BAD_REQUEST);
        auto& metric = metrics_[id - 1];
        if (count != metric.labels || (count > 0 && !labels))
            return refuse("a figure with another number of label values than its metric has labels",
                          PATCHBAY_E_BAD_REQUEST);
        if (!std::isfinite(value) || (set && metric.kind != PATCHBAY_METRIC_GAUGE) ||
            (!set && metric.kind == PATCHBAY_METRIC_COUNTER && value < 0))
            return refuse("a figure that its metric does not take", PATCHBAY_E_BAD_REQUEST);
        std::vector<std::string> key;
        for (uint32_t i = 0; i < count; ++i) key.emplace_back(text_of(labels[i]));
        auto& figure = metric.values[key];
        figure = set ? value : figure + value;
        return PATCHBAY_OK;
    }

private:
    struct Metric {
        std::string name;
        uint32_t kind;
        uint32_t labels;
        std::map<std::vector<std::string>, double> values;
    };

    static bool is_name(std::string_view name) {
        return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
               name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
    }
    patchbay_status refuse(const char* fault, patchbay_status status) {
        lane_.fault(fault);
        return status;
    }

    FakeLane& lane_;
    mutable std::mutex mutex_;  // of what follows
    std::vector<Metric> metrics_;
};

}  // namespace patchbay::testing
