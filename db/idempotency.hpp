// The `idempotency` table: which run an owner's Idempotency-Key stands for, for 24 hours.
#pragma once

#include "db/database.hpp"
#include "db/store.hpp"

namespace patchbay {

Result<std::optional<Batch::Duplicate>> find_claim(Database& database, const std::string& owner,
                                                   const std::string& key, int64_t now_ms);

// The key was not found: it stands for `run` from now on.
Result<void> claim(Database& database, const ClaimIdempotencyKey& key, const RunId& run,
                   int64_t now_ms);

// Deletes some of the keys that are older.
Result<void> purge_claims(Database& database, int64_t now_ms);

}  // namespace patchbay
