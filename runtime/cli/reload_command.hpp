// `patchbay reload`.
#pragma once

#include "runtime/cli/command.hpp"

namespace patchbay::cli {

// Tells the server that runs on the data folder to read its config again; prints what changed.
int reload(const DataFlags& flags, Terminal terminal);

}  // namespace patchbay::cli
