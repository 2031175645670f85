// `patchbay plugin list`.
#pragma once

#include "runtime/cli/command.hpp"

namespace patchbay::cli {

// The instances of the running server; without one, those that the config would give, loaded here
// and now. With --json: {"items": [{"name", "library", "path", "id", "version", "interfaces",
// "state", "reason", "faults", "models"}]}.
int plugin_list(const DataFlags& flags, Terminal terminal);

}  // namespace patchbay::cli
