// Loads a plugin's library for a test.
#pragma once

#include <patchbay/abi/plugin.h>
#include <patchbay/error.hpp>

#include <dlfcn.h>

#include <string>

namespace patchbay::testing {

// The table of the library at `path`, valid for ever: a plugin's library is never unloaded.
// not_found when it cannot be loaded, unsupported when it is no plugin or has another ABI or draft.
inline Result<const patchbay_plugin*> load_plugin(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) return failure(ErrorCode::not_found, dlerror());
    const auto* plugin =
        static_cast<const patchbay_plugin*>(dlsym(library, "patchbay_plugin_entry"));
    if (!plugin) return failure(ErrorCode::unsupported, path + " is no plugin");
    if (plugin->abi != PATCHBAY_ABI_MAJOR)
        return failure(ErrorCode::unsupported, path + " has ABI " + std::to_string(plugin->abi));
    if (plugin->draft != PATCHBAY_ABI_DRAFT)
        return failure(ErrorCode::unsupported,
                       path + " has draft " + std::to_string(plugin->draft) + " of the ABI");
    return plugin;
}

}  // namespace patchbay::testing
