// Reads an interaction's log: its segments, then its live end.
#pragma once

#include "db/database.hpp"
#include "db/live_logs.hpp"
#include "db/store.hpp"

namespace patchbay {

struct EventQuery {
    InteractionId interaction;
    uint64_t after = 0;
    size_t max_events = 0;
    size_t max_bytes = 0;
    std::optional<RunId> run;
};

// `live` must have been taken before: what is folded in between is in both, and what is neither
// cannot be. Errors: not_found, storage.
Result<EventPage> read_events(Database& database, const EventQuery& query,
                              const std::optional<LiveView>& live);

// The live end as the journal has it, for a process that is not the server: scans all of it.
Result<EventPage> read_events_from_journal(Database& database, const EventQuery& query);

}  // namespace patchbay
