// A file of settings, read whole.
#pragma once

#include "runtime/config/problem.hpp"

#include <string>

namespace patchbay::config {

// Up to 4 MiB. A problem of the whole file when it cannot be read.
Checked<std::string> read_text_file(const std::string& path);

}  // namespace patchbay::config
