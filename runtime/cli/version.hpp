// Which Patchbay this is.
#pragma once

#include <string>

namespace patchbay::cli {

std::string version();  // "0.1.0"

}  // namespace patchbay::cli
