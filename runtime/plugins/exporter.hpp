// Instances that send spans to a tracing system: sdk/include/patchbay/abi/exporter.h.
#pragma once

#include "runtime/observe/span_courier.hpp"
#include "runtime/plugins/registry.hpp"

#include <vector>

namespace patchbay::plugins {

// The exporters among the instances, for observe::Spans; each holds its instance.
std::vector<observe::SpanTarget> span_targets(const InstanceSet& instances);

}  // namespace patchbay::plugins
