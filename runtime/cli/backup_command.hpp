// `patchbay backup FILE`.
#pragma once

#include "runtime/cli/command.hpp"

#include <string>

namespace patchbay::cli {

// Writes a consistent copy of the whole store to `file`, which must not exist. A running server
// goes on meanwhile.
int backup(const DataFlags& flags, const std::string& file, Terminal terminal);

}  // namespace patchbay::cli
