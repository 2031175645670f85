// Rows of the projections, read into records.
#pragma once

#include "db/database.hpp"
#include "db/records.hpp"

#include <vector>

namespace patchbay {

Result<InteractionRecord> find_interaction(Database& database, const InteractionId& id);

// Newest first, after the interaction (`before_ms`, `before`) of the page before.
Result<std::vector<InteractionRecord>> list_interactions(Database& database,
                                                         const std::string& owner, size_t limit,
                                                         int64_t before_ms,
                                                         const InteractionId& before);

Result<RunRecord> find_run(Database& database, const RunId& id);
Result<std::vector<RunRecord>> find_open_runs(Database& database);  // by (interaction, turn)
Result<std::vector<RunRecord>> find_open_runs_of(Database& database, const InteractionId& id);

// By (turn, seq), after that of the message `after` (empty: from the first).
Result<MessagePage> list_messages(Database& database, const InteractionId& id,
                                  const MessageId& after, size_t limit, size_t max_bytes);

// See Store::recent_messages().
Result<std::vector<MessageRecord>> newest_messages(Database& database, const InteractionId& id,
                                                   uint32_t before_turn, size_t limit,
                                                   size_t max_bytes);

Result<std::vector<CredentialRecord>> list_credentials(Database& database);

}  // namespace patchbay
