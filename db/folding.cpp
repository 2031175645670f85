#include "db/folding.hpp"

#include "db/begin_commit.hpp"
#include "db/store.hpp"

namespace patchbay {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t logs_per_step = 64;
constexpr int64_t rows_per_delete = 8;

Result<void> fold(Database& database, const LiveLog& log) {
    for (const LiveStretch& stretch : log.stretches) {
        const SegmentWriter& events = stretch.events;
        auto inserted = database.run(
            "INSERT INTO segments(interaction_id, last_seq, first_seq, run_id, payload)"
            " VALUES(?1, ?2, ?3, ?4, ?5)",
            log.id, events.last_seq(), events.first_seq(), stretch.run, BlobView{events.sealed()});
        if (!inserted) return inserted;
    }
    return database.run("UPDATE interactions SET last_seq=max(last_seq, ?2) WHERE id=?1", log.id,
                        log.last_seq);
}

// The first journal row that is still needed.
int64_t needed_from(Ledger& ledger) {
    const auto lock = ledger.live.lock();
    return ledger.live.oldest_row().value_or(ledger.last_row + 1);
}

}  // namespace

Result<bool> fold_step(Ledger& ledger) {
    const std::lock_guard guard(ledger.mutex);
    const auto deadline = Clock::now() + step_time;
    std::vector<LiveLog*> due;
    {
        const auto lock = ledger.live.lock();
        due = ledger.live.due_logs(logs_per_step);
    }
    if (due.empty()) return false;

    Database& database = *ledger.database;
    auto transaction = begin_commit(ledger, Sync::no);
    if (!transaction) return std::unexpected(transaction.error());
    size_t done = 0;
    while (done < due.size() && (done == 0 || Clock::now() < deadline)) {
        if (auto folded = fold(database, *due[done]); !folded) {
            return std::unexpected(folded.error());
        }
        ++done;
    }
    if (auto committed = transaction->commit(); !committed) {
        return std::unexpected(committed.error());
    }

    const auto lock = ledger.live.lock();
    for (size_t i = 0; i < done; ++i) {
        ledger.live.folded(*due[i]);
        ledger.live.forget_idle(*due[i]);
    }
    return !ledger.live.due_logs(1).empty();
}

Result<bool> trim_journal_step(Ledger& ledger) {
    const std::lock_guard guard(ledger.mutex);
    if (ledger.counters.journal_rows == 0) return false;
    const auto deadline = Clock::now() + step_time;
    const int64_t limit = needed_from(ledger);

    Database& database = *ledger.database;
    auto transaction = begin_commit(ledger, Sync::no);
    if (!transaction) return std::unexpected(transaction.error());
    uint64_t deleted = 0;
    bool more = true;
    while (more && (deleted == 0 || Clock::now() < deadline)) {
        auto removed = database.run(
            "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id < ?1 ORDER BY id"
            " LIMIT ?2)",
            limit, rows_per_delete);
        if (!removed) return std::unexpected(removed.error());
        deleted += static_cast<uint64_t>(database.changed_rows());
        more = database.changed_rows() == rows_per_delete;
    }
    if (deleted == 0) return false;  // nothing to commit
    if (auto committed = transaction->commit(); !committed) {
        return std::unexpected(committed.error());
    }
    ledger.counters.journal_rows -= deleted;
    return more;
}

}  // namespace patchbay
