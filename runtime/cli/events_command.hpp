// `patchbay events ID`.
#pragma once

#include "runtime/cli/command.hpp"

#include <string>

namespace patchbay::cli {

// Prints an interaction's log, one JSON object a line: {"seq", "event", "run_id", "attempt",
// "created_at_ms", "data"}. Reads the database without a lock, also beside a running server.
int events(const DataFlags& flags, const std::string& interaction, Terminal terminal);

}  // namespace patchbay::cli
