// What administrators changed about plugin instances while a server ran: values that stand in front
// of the file's.
#pragma once

#include "runtime/config/parse.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::config {

// What is different about one instance.
struct PluginOverride {
    std::string library;  // that it was made for; "" = any
    std::optional<bool> enabled;
    Json config = Json::object();  // whole settings by their names; null = the setting is taken out

    bool empty() const { return !enabled && config.empty(); }
};

// Puts what `change` says in front of what `into` says, a setting as a whole.
void merge(const PluginOverride& change, PluginOverride& into);

// Takes out of `from` what `change` says anew.
void remove(const PluginOverride& change, PluginOverride& from);

using Overrides = std::map<std::string, PluginOverride>;  // by the instance's name

// {"plugins": {NAME: {"library": "…", "enabled": true, "config": {SETTING: value}}}}, as
// overrides.json has it. The problems have their pointers into it.
Checked<Overrides> parse_overrides(std::string_view text);
std::string text_of(const Overrides& overrides);

// The overrides in the file at `path`; none when there is no such file. Problems name the path.
Checked<Overrides> read_overrides(const std::string& path);

// Where a server with this data folder keeps them.
std::string overrides_path(const std::string& data_dir);

}  // namespace patchbay::config
