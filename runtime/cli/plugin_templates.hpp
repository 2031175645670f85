// The projects that `patchbay plugin new` writes: runtime/cli/templates, as it was built in.
//
// In them the plugin's name stands as my_plugin, MyPlugin and MY_PLUGIN, and MY_CONFIG for the
// lines of the config that use it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace patchbay::cli {

struct PluginTemplate {
    std::string_view kind;      // "provider"
    std::string_view language;  // "c" or "cpp"
    std::string_view source;    // of NAME.c or NAME.cpp
    std::string_view test;      // of NAME_test.cpp
    std::string_view config;    // JSON; MY_LIBRARY is the path of the library
};

std::span<const PluginTemplate> plugin_templates();

// Each once, in the order in which they are shown.
std::vector<std::string_view> plugin_kinds();
std::vector<std::string_view> languages_of(std::string_view kind);  // empty: there is no such kind

// What every project has, whatever its kind. `language` as above.
std::string_view project_template(std::string_view language);
std::string_view readme_template();

}  // namespace patchbay::cli
