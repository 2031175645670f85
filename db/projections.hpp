// Writes what a batch says beside its events: rows of interactions, runs, messages, idempotency.
#pragma once

#include "db/database.hpp"
#include "db/store.hpp"

namespace patchbay {

// Applies the projections in order, inside the caller's transaction, and fills in the seqs that
// they take from the batch's events. `now_ms` is the time of the batch. Errors: conflict (a row
// exists, or a key was used: then batch.duplicate_of is set), not_found, storage.
Result<void> apply_projections(Database& database, Batch& batch, int64_t now_ms);

// Whether the batch must be synced when it commits, whatever the durability is.
bool must_sync(const Batch& batch);

// A new interaction has an empty log: last_seq, compacted_to and turns of the record do not count.
Result<void> write_interaction(Database& database, const InteractionRecord& record);

}  // namespace patchbay
