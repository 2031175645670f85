// One file and the environment → one checked Config.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/config/expand.hpp"
#include "runtime/config/problem.hpp"

#include <string>
#include <vector>

namespace patchbay::config {

struct LoadOptions {
    std::string file;  // "" = the first of `search` that exists, else the default
    std::vector<std::string> search{"./patchbay.json", "/etc/patchbay/patchbay.json"};
    std::vector<std::string> listen;  // not empty: instead of the file's
    std::string data_dir;             // the same
    Environment environment = process_environment();
};

// All mistakes at once: what cannot be read or parsed; else everything that the references, the
// schema and the meaning find wrong.
Checked<Config> load(const LoadOptions& options);

// The data folder alone, for commands that need nothing else: mistakes elsewhere, and variables
// that only the server has, do not stop them.
Checked<std::string> load_data_dir(const LoadOptions& options);

// Where load() would look: the file's path, or "the built-in default".
std::string source_of(const LoadOptions& options);

}  // namespace patchbay::config
