// What a command prints, kept for the test.
#pragma once

#include "runtime/cli/command.hpp"

#include <sstream>
#include <string>

namespace patchbay::cli {

struct CapturedTerminal {
    std::ostringstream out;
    std::ostringstream err;

    Terminal terminal() { return {out, err}; }
};

}  // namespace patchbay::cli
