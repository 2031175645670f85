#include "runtime/plugins/instance_metrics.hpp"

#include <utility>

namespace patchbay::plugins {

InstanceMetrics::InstanceMetrics(std::string instance,
                                 std::shared_ptr<observe::PluginMetrics> metrics)
    : instance_(std::move(instance)),
      metrics_(metrics ? std::move(metrics) : std::make_shared<observe::PluginMetrics>()) {}

Result<uint32_t> InstanceMetrics::define(observe::MeterDefinition definition) {
    const auto count = count_.load(std::memory_order_relaxed);
    if (count == most) return failure(ErrorCode::limit, "64 metrics are defined already");
    for (uint32_t i = 0; i < count; ++i) {
        if (meters_[i]->definition().name == definition.name)
            return failure(ErrorCode::conflict, definition.name + " is defined already");
    }
    auto meter = metrics_->define(instance_, std::move(definition));
    if (!meter) return std::unexpected(meter.error());
    meters_[count] = std::move(*meter);
    count_.store(count + 1, std::memory_order_release);
    return count + 1;
}

observe::Meter* InstanceMetrics::find(uint32_t id) const {
    const auto count = count_.load(std::memory_order_acquire);
    return id == 0 || id > count ? nullptr : meters_[id - 1].get();
}

}  // namespace patchbay::plugins
