#include "runtime/cli/plugin_specs.hpp"

namespace patchbay::cli {

std::vector<plugins::InstanceSpec> plugin_specs(const config::Config& config) {
    std::vector<plugins::InstanceSpec> specs;
    for (const auto& plugin : config.plugins) {
        specs.push_back({.name = plugin.name,
                         .library = plugin.library,
                         .config_json = plugin.config_json,
                         .enabled = plugin.enabled,
                         .required = plugin.required});
    }
    return specs;
}

}  // namespace patchbay::cli
