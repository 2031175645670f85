// SQLite's write-ahead log, as a file.
#pragma once

#include <patchbay/error.hpp>

#include <string>

namespace patchbay {

// Writes the log of a database again, with the bytes that it has, and syncs it. After a sync that
// failed, the system takes for written what the disk never got, and reads it from memory: a later
// sync would leave it out. Pages that are written again are synced again. To be called before
// SQLite opens the database; nothing happens when there is no log. Blocks.
Result<void> rewrite_log(const std::string& database_path);

}  // namespace patchbay
