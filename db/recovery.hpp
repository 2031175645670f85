// Makes the live logs anew from the journal, when the store is opened.
#pragma once

#include "db/ledger.hpp"

namespace patchbay {

// Every event that was committed and is not in a segment gets into the live logs, and every open
// run is open there. `storage` when the journal is damaged or has a hole: nothing is guessed.
Result<void> recover(Ledger& ledger);

}  // namespace patchbay
