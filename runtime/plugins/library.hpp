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
    std::string sha256;                      // of its content, in hexadecimal
    const patchbay_plugin* entry = nullptr;  // valid for ever: a library is never unloaded
};

// The file of `name` ("patchbay_provider_openai", or an absolute path). not_found says where it
// was looked for, and which names are near.
Result<std::filesystem::path> find_library(const std::string& name,
                                           const std::vector<std::string>& folders);

// Loads the library and checks its table. Refused: a file that everybody may write, or in such a
// folder; no patchbay_plugin_entry; another ABI number; a NULL in the table. Runs the library's own
// constructors. The same content gives the same library, and is loaded once; other content of the
// same name is loaded beside it. [control]
//
// `copies`: the folder for the copies that are loaded in place of the file, so that the file may
// change; "" = none: the file itself is loaded, and a change of it is refused.
Result<Library> load_library(const std::filesystem::path& path, const std::string& copies = "");

}  // namespace patchbay::plugins
