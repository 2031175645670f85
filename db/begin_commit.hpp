// The way into every transaction that writes on the ledger's connection.
#pragma once

#include "db/ledger.hpp"

namespace patchbay {

enum class Sync { no, yes };

// Begins a transaction whose commit is synced, or is not. The caller holds the ledger's lock.
//
// After a sync has failed, nothing is written any more: `storage`, until the server starts anew. A
// kernel tells of a failed write once. Later syncs succeed though the pages never reached the disk,
// and what is written behind that hole in the log, or copied out of it, would be lost with the
// power. Only what the log held before is sure, and a start writes that again (log_file.hpp).
Result<Transaction> begin_commit(Ledger& ledger, Sync sync);

// The error of a ledger in doubt.
Error in_doubt(const std::string& path);

}  // namespace patchbay
