// A consistent copy of a database as one file.
#pragma once

#include "db/database.hpp"

namespace patchbay {

// Copies `source` as it is at this moment; its writer goes on meanwhile. The file appears under its
// name when it is whole and on disk. Errors: conflict when `path` exists, storage.
Result<void> back_up(Database& source, const std::string& path);

}  // namespace patchbay
