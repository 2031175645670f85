// The metrics that plugins define: sdk/include/patchbay/abi/metrics.h.
//
// A metric of one instance is a *meter*. Meters of one name are one family in the scrape, told
// apart by the label `instance`. A meter lives as long as somebody holds it: an instance that takes
// another's place asks for the same meter, so that its figures go on; or, as a newer version of its
// plugin, for another one of that name, and what drains counts on in the old one, which nobody
// sees.
#pragma once

#include "runtime/observe/intern_table.hpp"

#include <patchbay/error.hpp>

#include <prometheus/metric_family.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::observe {

enum class MeterKind : uint8_t { counter, gauge, histogram };

struct MeterDefinition {
    std::string name;  // without the prefix "patchbay_plugin_"
    std::string help;
    MeterKind kind = MeterKind::counter;
    std::vector<std::string> labels;    // at most 4
    std::vector<double> bucket_limits;  // of a histogram: rising, at least one

    // Everything but the help: a better sentence is no other metric.
    bool is_same(const MeterDefinition& other) const;
};

// Threads    [any-thread]. Values for which there is a series lock nothing.
class Meter {
public:
    static constexpr size_t most_labels = 4;
    static constexpr size_t most_values = 100;          // of one label; the rest is "other"
    static constexpr size_t most_series = 1000;         // beyond, all labels are "other"
    static constexpr size_t longest_label_value = 128;  // bytes; what is longer is "other"

    explicit Meter(MeterDefinition definition);

    // Adds to a counter or a gauge, or observes. `labels`: as many as it has, valid UTF-8. False,
    // and nothing: `value` is not finite, or below 0 for a counter.
    bool add(std::span<const std::string_view> labels, double value);
    bool set(std::span<const std::string_view> labels, double value);  // false also: no gauge

    const MeterDefinition& definition() const { return definition_; }
    void collect(const std::string& instance, std::vector<prometheus::ClientMetric>& into) const;

private:
    using Values = std::array<const std::string*, most_labels>;  // of a series; nullptr = no label

    struct Series {
        Values values{};
        std::atomic<double> sum{0};
        std::unique_ptr<std::atomic<uint64_t>[]> buckets;  // one more than there are limits
    };

    static size_t hash_of(const Values& values);
    Series* find_series(const Values& values) const;
    Series& add_series(const Values& values);
    Series& series_of(std::span<const std::string_view> labels);
    const std::string* label_value(size_t label, std::string_view value);
    void count(Series& series, double value) const;

    const MeterDefinition definition_;
    std::mutex growing_;  // for new label values and new series
    std::array<InternTable<std::string, 256>, most_labels> label_values_;
    InternTable<Series, 2048> series_;
};

// Threads    [any-thread], and it may lock: define() is called in create(), collect() by a scrape.
class PluginMetrics {
public:
    // The instance's meter of this name: a new one, or the one of this definition that somebody
    // still holds. What is defined last is what a scrape shows, until nobody holds it. conflict:
    // another instance has defined the name in another way.
    Result<std::shared_ptr<Meter>> define(const std::string& instance, MeterDefinition definition);

    std::vector<prometheus::MetricFamily> collect() const;

private:
    using Held = std::vector<std::weak_ptr<Meter>>;  // the one that is shown last
    using Meters = std::map<std::string, Held>;      // by instance

    void forget_unheld();
    static std::shared_ptr<Meter> shown_of(const Held& held);

    mutable std::mutex mutex_;
    std::map<std::string, Meters> families_;  // by name
};

}  // namespace patchbay::observe
