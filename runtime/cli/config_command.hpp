// `patchbay config check` and `patchbay config schema`.
#pragma once

#include "runtime/cli/command.hpp"

namespace patchbay::cli {

// Says "FILE is in order.", or every mistake, a line each. With --json:
// {"file", "ok", "errors": [{"pointer", "found", "expected"}], "warnings": […]}.
int config_check(const DataFlags& flags, Terminal terminal);

// The JSON Schema of the config file, for editors.
int config_schema(Terminal terminal);

}  // namespace patchbay::cli
