// The config's plugins as the registry takes them.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/plugins/registry.hpp"

#include <vector>

namespace patchbay::cli {

std::vector<plugins::InstanceSpec> plugin_specs(const config::Config& config);

}  // namespace patchbay::cli
