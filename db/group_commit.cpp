#include "db/group_commit.hpp"

#include "db/begin_commit.hpp"
#include "db/clock.hpp"
#include "db/projections.hpp"

#include <algorithm>
#include <chrono>

namespace patchbay {
namespace {

// A longer row is split: a reader of the journal holds one row in memory.
constexpr size_t row_bytes = 1024 * 1024;

int64_t time_of(const Batch& batch) {
    return batch.events.empty() ? unix_ms() : batch.events.back().created_at_ms;
}

bool inserts_interaction(const Batch& batch) {
    return std::any_of(batch.projections.begin(), batch.projections.end(), [](const auto& any) {
        return std::holds_alternative<InsertInteraction>(any);
    });
}

bool inserts_run(const Batch& batch, const RunId& run) {
    return std::any_of(batch.projections.begin(), batch.projections.end(), [&](const auto& any) {
        const auto* insert = std::get_if<InsertRun>(&any);
        return insert != nullptr && insert->record.id == run;
    });
}

}  // namespace

void GroupCommit::commit(std::span<const std::unique_ptr<Batch>> group) {
    const std::lock_guard guard(ledger_.mutex);
    const auto begun = std::chrono::steady_clock::now();
    const bool synced =
        ledger_.power_loss || std::any_of(group.begin(), group.end(),
                                          [](const auto& batch) { return must_sync(*batch); });
    const auto written = write(group, synced);
    if (written) {
        publish();
        ledger_.counters.commits += 1;
        ledger_.counters.syncs += synced ? 1 : 0;
        const auto taken = std::chrono::steady_clock::now() - begun;
        ledger_.counters.commit_nanoseconds += static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
    } else {
        take_back();
        for (const auto& batch : group) {
            batch->error = written.error();
            batch->duplicate_of.reset();
        }
    }
    ledger_.failing = !written;
}

Result<void> GroupCommit::write(std::span<const std::unique_ptr<Batch>> group, bool synced) {
    staged_.clear();
    loaded_.clear();
    row_.clear();
    next_row_ = ledger_.last_row + 1;
    auto transaction = begin_commit(ledger_, synced ? Sync::yes : Sync::no);
    if (!transaction) return std::unexpected(transaction.error());

    for (const auto& batch : group) {
        const auto staged = stage(*batch);
        if (staged) continue;
        if (staged.error().code == ErrorCode::storage) return staged;
        batch->error = staged.error();
    }
    if (auto flushed = flush_row(); !flushed) return flushed;
    return transaction->commit();
}

// An error other than `storage` is the batch's own, and nothing of it is in the transaction.
Result<void> GroupCommit::stage(Batch& batch) {
    batch.error.reset();
    batch.duplicate_of.reset();
    const auto found = log_of(batch);
    if (!found) return std::unexpected(found.error());
    LiveLog& log = **found;
    if (!batch.events.empty() && !log.has_open_run(batch.run) && !inserts_run(batch, batch.run) &&
        !staged_open(batch, log)) {
        return failure(ErrorCode::conflict, "run " + batch.run.str() + " is not open");
    }

    const uint64_t before = log.staged_seq;
    for (Event& event : batch.events) {
        event.seq = ++log.staged_seq;
        event.run = batch.run;
    }
    batch.last_seq = log.staged_seq;
    if (!batch.projections.empty()) {
        if (auto written = write_rows_of(batch, log); !written) {
            log.staged_seq = before;
            return written;
        }
    }
    if (!batch.events.empty()) row_.append(batch.interaction, batch.run, batch.events);
    staged_.push_back({&batch, &log, next_row_});
    return row_.size() < row_bytes ? Result<void>{} : flush_row();
}

// Inside a savepoint, so that a batch which is refused takes nothing of the others along.
Result<void> GroupCommit::write_rows_of(Batch& batch, LiveLog& log) {
    Database& database = *ledger_.database;
    if (auto begun = database.run("SAVEPOINT batch"); !begun) return begun;
    auto written = write_projections(batch, log);
    if (!written && written.error().code != ErrorCode::storage) {
        if (auto undone = database.run("ROLLBACK TO batch"); !undone) return undone;
    } else if (!written) {
        return written;  // the whole transaction is lost
    }
    if (auto released = database.run("RELEASE batch"); !released) return released;
    return written;
}

Result<void> GroupCommit::write_projections(Batch& batch, LiveLog& log) {
    const int64_t now_ms = time_of(batch);
    if (auto applied = apply_projections(*ledger_.database, batch, now_ms); !applied) {
        return applied;
    }
    uint32_t turn = 0;  // the highest: a refused run may have left a hole below it
    for (const auto& projection : batch.projections) {
        if (const auto* inserted = std::get_if<InsertRun>(&projection)) {
            turn = std::max(turn, inserted->record.turn);
        }
    }
    auto updated = ledger_.database->run(
        "UPDATE interactions SET last_seq=?2, updated_at_ms=max(updated_at_ms, ?3),"
        " turns=max(turns, ?4) WHERE id=?1",
        batch.interaction, log.staged_seq, now_ms, static_cast<int64_t>(turn));
    if (!updated) return updated;
    if (ledger_.database->changed_rows() == 0) {  // the batch that should have made it was refused
        return failure(ErrorCode::not_found, "no interaction " + batch.interaction.str());
    }
    return {};
}

bool GroupCommit::staged_open(const Batch& batch, const LiveLog& log) const {
    return std::any_of(staged_.begin(), staged_.end(), [&](const Staged& staged) {
        return staged.log == &log && inserts_run(*staged.batch, batch.run);
    });
}

Result<LiveLog*> GroupCommit::log_of(const Batch& batch) {
    if (LiveLog* log = ledger_.live.find(batch.interaction)) return log;
    auto query =
        ledger_.database->query("SELECT last_seq FROM interactions WHERE id=?1", batch.interaction);
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row && !inserts_interaction(batch)) {
        return failure(ErrorCode::not_found, "no interaction " + batch.interaction.str());
    }
    const uint64_t last_seq = *row ? query->count(0) : 0;
    const auto lock = ledger_.live.lock();
    loaded_.push_back(&ledger_.live.add(batch.interaction, last_seq));
    return loaded_.back();
}

Result<void> GroupCommit::flush_row() {
    if (row_.empty()) return {};
    auto inserted = ledger_.database->run("INSERT INTO journal(id, payload) VALUES(?1, ?2)",
                                          next_row_, BlobView{row_.sealed()});
    row_.clear();
    ++next_row_;
    return inserted;
}

// Enters what was committed into the live logs.
void GroupCommit::publish() {
    const auto now = std::chrono::steady_clock::now();
    ledger_.counters.journal_rows += static_cast<uint64_t>(next_row_ - 1 - ledger_.last_row);
    ledger_.last_row = next_row_ - 1;
    uint64_t events = 0;
    const auto lock = ledger_.live.lock();
    for (const auto& [batch, log, row] : staged_) {
        ledger_.live.append(*log, batch->run, batch->events, row, now);
        log->last_seq = log->staged_seq;
        events += batch->events.size();
        publish_runs(*batch, *log);
    }
    ledger_.counters.events_committed += events;
    for (LiveLog* log : loaded_) {
        log->staged_seq = log->last_seq;  // of a refused batch
        ledger_.live.forget_idle(*log);
    }
}

void GroupCommit::publish_runs(const Batch& batch, LiveLog& log) {
    for (const Projection& projection : batch.projections) {
        const auto* insert = std::get_if<InsertRun>(&projection);
        const auto* update = std::get_if<UpdateRun>(&projection);
        if (!insert && !update) continue;
        const RunRecord& run = insert ? insert->record : update->record;
        if (insert) ledger_.live.open_run(log, run.id);
        if (!is_open(run.status)) ledger_.live.close_run(log, run.id);
    }
}

// The transaction failed: no seq was consumed.
void GroupCommit::take_back() {
    const auto lock = ledger_.live.lock();
    for (const auto& [batch, log, row] : staged_) log->staged_seq = log->last_seq;
    for (LiveLog* log : loaded_) ledger_.live.forget_idle(*log);
}

}  // namespace patchbay
