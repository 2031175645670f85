// The metrics that one instance has defined, by the ids that it knows them by.
#pragma once

#include "runtime/observe/plugin_metrics.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace patchbay::plugins {

class InstanceMetrics {
public:
    static constexpr uint32_t most = 64;

    // Without `metrics` they are counted, and nobody reads them.
    InstanceMetrics(std::string instance, std::shared_ptr<observe::PluginMetrics> metrics);

    // The id of a new metric: limit, or conflict when the name is taken. In create() alone: one
    // thread at a time.
    Result<uint32_t> define(observe::MeterDefinition definition);

    observe::Meter* find(uint32_t id) const;  // nullptr: no such id. [any-thread]

private:
    const std::string instance_;
    const std::shared_ptr<observe::PluginMetrics> metrics_;
    std::array<std::shared_ptr<observe::Meter>, most> meters_;  // id - 1; written before count_
    std::atomic<uint32_t> count_{0};
};

}  // namespace patchbay::plugins
