// A plugin's shared library: found, checked, loaded. The one file that knows Boost.DLL.
#pragma once

#include <patchbay/abi/plugin.h>
#include <patchbay/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct Library {
    std::filesystem::path path;              // absolute, symbolic links resolved
    const patchbay_plugin* entry = nullptr;  // valid for ever: a library is never unloaded
};

// The file of `name` ("patchbay_provider_openai", or an absolute path). not_found says where it
// was looked for, and which names are near.
Result<std::filesystem::path> find_library(const std::string& name,
                                           const std::vector<std::string>& folders);

// Loads the library and checks its table. Refused: a file that everybody may write, or in such a
// folder; no patchbay_plugin_entry; another ABI number; a NULL in the table. Runs the library's own
// constructors. Loading the same file again gives the same library. [control]
Result<Library> load_library(const std::filesystem::path& path);

}  // namespace patchbay::plugins
