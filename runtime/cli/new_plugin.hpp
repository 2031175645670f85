// `patchbay plugin new`: writes a plugin's project, which builds, is tested and validates as it is.
#pragma once

#include "runtime/cli/command.hpp"

#include <string>

namespace patchbay::cli {

struct NewPluginFlags {
    std::string name;              // [a-z][a-z0-9_]*: of the folder, the library and the target
    std::string kind;              // "provider", "auth", …: plugin_templates.hpp has them all
    std::string language = "cpp";  // or "c"
    std::string directory;         // where the folder NAME is made; "" = here
};

// Makes the folder and prints the commands that come next. Fails, and writes nothing, for a name
// that is none, a kind that there is not in that language, and a folder that is there already.
int plugin_new(const NewPluginFlags& flags, Terminal terminal);

}  // namespace patchbay::cli
