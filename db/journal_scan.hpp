// Reads the whole journal, at a start or in a process beside the server.
#pragma once

#include "db/database.hpp"
#include "db/journal_row.hpp"

#include <functional>

namespace patchbay {

using BlockVisitor = std::function<Result<void>(int64_t row, const JournalBlock& block)>;

// Calls `visit` for each block whose run still exists, in order. Blocks of deleted interactions
// are left out, also when one with the same id was made since. `storage` when a row is damaged.
Result<void> scan_journal(Database& database, const BlockVisitor& visit);

}  // namespace patchbay
