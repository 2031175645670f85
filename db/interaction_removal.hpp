// Deleting an interaction: every row that speaks of it.
#pragma once

#include "db/database.hpp"

namespace patchbay {

// Inside the caller's transaction. Its blocks in the journal stay until the rows are trimmed, but
// no scan uses them: their runs are gone. Errors: not_found, conflict while a run is open.
Result<void> remove_interaction(Database& database, const InteractionId& id);

}  // namespace patchbay
