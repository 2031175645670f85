// Moves the live logs of ended (or long) runs into segments, and drops the journal rows that no
// live log needs any more. Each call is one short transaction.
#pragma once

#include "db/ledger.hpp"

#include <chrono>

namespace patchbay {

// How long one step may hold the ledger: a commit waits that long at worst.
constexpr std::chrono::microseconds step_time{1000};

// Folds live logs that are due, for about `step_time`. True when some are left.
Result<bool> fold_step(Ledger& ledger);

// Deletes journal rows, for about `step_time`. True when some are left.
Result<bool> trim_journal_step(Ledger& ledger);

}  // namespace patchbay
