// One file, what administrators changed of it, and the environment → one checked Config.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/config/expand.hpp"
#include "runtime/config/layers.hpp"
#include "runtime/config/problem.hpp"

#include <string>
#include <vector>

namespace patchbay::config {

struct LoadOptions {
    std::string file;  // "" = the first of `search` that exists, else the default
    std::vector<std::string> search{"./patchbay.json", "/etc/patchbay/patchbay.json"};
    std::vector<std::string> listen;  // not empty: instead of the file's
    std::string data_dir;             // the same
    std::string overrides_dir;        // of overrides.json; "" = the data folder
    Environment environment = process_environment();
};

// All mistakes at once: what cannot be read or parsed; else everything that the references, the
// schema and the meaning find wrong.
Checked<Config> load(const LoadOptions& options);

// The same in two steps: what stands in the files now, and whether it is in order. The second may
// be repeated with other overrides.
Checked<Layers> read_layers(const LoadOptions& options);
Checked<Config> load_from(Layers layers, const LoadOptions& options);

// The same where layers that were checked have changed for the plugin `name` alone: the references
// of everything else are not resolved again.
Checked<Config> load_change(Layers layers, const std::string& name, const LoadOptions& options);

// The data folder alone, for commands that need nothing else: mistakes elsewhere, and variables
// that only the server has, do not stop them.
Checked<std::string> load_data_dir(const LoadOptions& options);

// Where load() would look: the file's path, or "the built-in default".
std::string source_of(const LoadOptions& options);

}  // namespace patchbay::config
