#include "db/compaction.hpp"

#include "db/begin_commit.hpp"
#include "db/segment.hpp"

#include <algorithm>

namespace patchbay {
namespace {

struct Candidate {
    RunId run;
    InteractionId interaction;
    uint64_t last_seq = 0;
};

Result<std::optional<Candidate>> next_candidate(Ledger& ledger, int64_t ended_until_ms) {
    auto query = ledger.database->query(
        "SELECT r.id, r.interaction_id, r.last_seq FROM runs r"
        " WHERE r.compacted=0 AND r.status>3 AND r.ended_at_ms<=?1 AND NOT EXISTS"
        "  (SELECT 1 FROM runs earlier WHERE earlier.interaction_id=r.interaction_id"
        "   AND earlier.turn<r.turn AND earlier.compacted=0)"
        " ORDER BY r.ended_at_ms",
        ended_until_ms);
    if (!query) return std::unexpected(query.error());
    while (true) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return std::nullopt;
        Candidate found{query->id<RunId>(0), query->id<InteractionId>(1), query->count(2)};
        const LiveLog* log = ledger.live.find(found.interaction);
        const bool unfolded = log && std::any_of(log->stretches.begin(), log->stretches.end(),
                                                 [&](auto& s) { return s.run == found.run; });
        if (!unfolded) return found;
    }
}

// A segment of the run that still holds what is to go, rewritten; true when there was one.
Result<bool> compact_segment(Database& database, const RunId& run) {
    auto query = database.query(
        "SELECT rowid, first_seq, payload FROM segments WHERE run_id=?1 ORDER BY rowid", run);
    if (!query) return std::unexpected(query.error());
    while (true) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return false;
        std::vector<Event> events;
        // What is damaged stays as it is, and keeps nothing else from being compacted.
        if (!read_segment(query->blob(2), run, query->count(1), events)) continue;
        const size_t before = events.size();
        std::erase_if(events, [](const Event& event) { return is_compactable(event.kind); });
        if (events.size() == before) continue;

        const int64_t id = query->integer(0);
        if (events.empty()) {
            auto removed = database.run("DELETE FROM segments WHERE rowid=?1", id);
            if (!removed) return std::unexpected(removed.error());
            return true;
        }
        // first_seq moves up to what is left; last_seq stays, so that the ranges' ends are known.
        SegmentWriter rest;
        for (const Event& event : events) rest.append(event);
        auto updated = database.run("UPDATE segments SET first_seq=?2, payload=?3 WHERE rowid=?1",
                                    id, rest.first_seq(), BlobView{rest.packed()});
        if (!updated) return std::unexpected(updated.error());
        return true;
    }
}

}  // namespace

Result<bool> compact_step(Ledger& ledger, int64_t ended_until_ms) {
    const std::lock_guard guard(ledger.mutex);
    const auto candidate = next_candidate(ledger, ended_until_ms);
    if (!candidate) return std::unexpected(candidate.error());
    if (!*candidate) return false;

    Database& database = *ledger.database;
    auto transaction = begin_commit(ledger, Sync::no);
    if (!transaction) return std::unexpected(transaction.error());
    // compacted_to is raised with the first piece: a reader must never meet a hole above it.
    auto raised =
        database.run("UPDATE interactions SET compacted_to=max(compacted_to, ?2) WHERE id=?1",
                     (*candidate)->interaction, (*candidate)->last_seq);
    if (!raised) return std::unexpected(raised.error());
    const auto more = compact_segment(database, (*candidate)->run);
    if (!more) return std::unexpected(more.error());
    if (!*more) {
        auto marked = database.run("UPDATE runs SET compacted=1 WHERE id=?1", (*candidate)->run);
        if (!marked) return std::unexpected(marked.error());
    }
    if (auto committed = transaction->commit(); !committed) {
        return std::unexpected(committed.error());
    }
    return true;
}

}  // namespace patchbay
