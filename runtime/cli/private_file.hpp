// A file that only the server's user may read.
#pragma once

#include <patchbay/error.hpp>

#include <string>

namespace patchbay::cli {

// Writes the file with mode 0600, in place of one of that name: whole and on disk when this returns
// well; else the old one is there still. Blocks for as long as the disk takes.
Result<void> write_private_file(const std::string& path, const std::string& text);

}  // namespace patchbay::cli
