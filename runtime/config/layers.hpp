// Where a config's values come from: the file, and in front of it what administrators changed.
#pragma once

#include "runtime/config/overrides.hpp"
#include "runtime/config/parse.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

struct Layers {
    Json file;            // as it stands there, references and all
    std::string source;   // the file's path, or "the built-in default"
    Overrides persisted;  // of overrides.json
    Overrides passing;    // of the API: until the next reload or start
    // What they made together when it was last checked, references resolved: with secrets in it.
    std::shared_ptr<const Json> expanded;
};

// The file's document, with the agent that it implies (where no other is the default), and the
// overrides in front of it. Those of what is not there any more are left out: override_warnings().
Json document_of(const Layers& layers);

// A sentence for each instance whose persisted overrides are left out: it is not there, or its
// library is another one than that they were made for (by its file's name: a new path is none).
std::vector<std::string> override_warnings(const Layers& layers);

// Who says that the instance is not enabled, for a sentence; nullptr: it is, or the file says it.
const char* what_switches_off(const Layers& layers, const std::string& name);

bool has_plugin(const Layers& layers, const std::string& name);

// What an administrator wants to be different.
struct PluginChange {
    std::string name;
    PluginOverride values;
    bool persist = false;  // beyond the next reload, in overrides.json
    bool forget = false;   // instead: without all overrides of this instance
};

// The layers with the change. Problems: an instance that is not there, a reference (only the
// files may read what belongs to the server's user), and a text that stands for a hidden value.
Checked<Layers> with_change(Layers layers, const PluginChange& change);

// What is shown in place of a secret.
inline constexpr std::string_view hidden_text = "********";

// One instance's values for an administrator, each with its origin: "default", "file", "overrides"
// or "api". {"library": {"value", "origin"}, "enabled": …, "required": …, "tools": …,
// "approval": …, "applies_to": …, "config": {SETTING: …}}
//
// Never shown: a text with a reference; what `schema` (the plugin's, of its config) marks
// "writeOnly" or "format": "password"; and a text of which the schema says nothing.
Json settings_of(const Layers& layers, const std::string& name, const Json& schema);

}  // namespace patchbay::config
