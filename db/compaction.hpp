// Takes delta, status and progress events out of ended runs, run by run in the order of turn, and
// raises interactions.compacted_to over them. Each call is one short transaction.
#pragma once

#include "db/ledger.hpp"

namespace patchbay {

// Compacts a piece of the run that ended first, of those that ended until `ended_until_ms`. A run
// waits for the earlier turns of its interaction. False when there was nothing to do.
Result<bool> compact_step(Ledger& ledger, int64_t ended_until_ms);

}  // namespace patchbay
