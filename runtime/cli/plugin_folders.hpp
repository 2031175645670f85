// Where plugin libraries are looked for.
#pragma once

#include "runtime/config/config.hpp"

#include <string>
#include <vector>

namespace patchbay::cli {

// The config's plugin_path, then the install's own folder beside this program
// (../lib/patchbay/plugins). Absolute.
std::vector<std::string> plugin_folders(const config::Config& config);

}  // namespace patchbay::cli
