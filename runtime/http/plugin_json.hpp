// A plugin instance as administrators see it.
#pragma once

#include "runtime/config/layers.hpp"
#include "runtime/plugins/registry.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::http {

// `layers`: what the config was made of; nullptr = not known, and "settings" is null.
nlohmann::json plugin_json(const plugins::InstanceStatus& status, const config::Layers* layers);

// {items}
nlohmann::json plugins_json(const std::vector<plugins::InstanceStatus>& statuses,
                            const config::Layers* layers);

}  // namespace patchbay::http
