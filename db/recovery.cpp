#include "db/recovery.hpp"

#include "db/journal_scan.hpp"
#include "db/store.hpp"

#include <algorithm>

namespace patchbay {
namespace {

Result<uint64_t> number(Result<Statement> query) {
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return *row ? query->count(0) : 0;
}

Result<uint64_t> folded_to(Database& database, const InteractionId& id) {
    return number(database.query("SELECT max(last_seq) FROM segments WHERE interaction_id=?1", id));
}

// Without the lock of the live logs: nobody reads yet.
class Recovery {
public:
    explicit Recovery(Ledger& ledger) : ledger_(ledger) {}

    Result<void> take(int64_t row, const JournalBlock& block) {
        LiveLog* log = ledger_.live.find(block.interaction);
        if (!log) {
            const auto folded = folded_to(*ledger_.database, block.interaction);
            if (!folded) return std::unexpected(folded.error());
            log = &ledger_.live.add(block.interaction, *folded);
        }
        const auto first = std::find_if(block.events.begin(), block.events.end(),
                                        [&](auto& e) { return e.seq > log->last_seq; });
        if (first == block.events.end()) return {};
        if (first->seq != log->last_seq + 1) {
            return failure(ErrorCode::storage, "the journal lacks events of interaction " +
                                                   log->id.str() + " after seq " +
                                                   std::to_string(log->last_seq) +
                                                   ": restore a backup");
        }
        ledger_.live.append(*log, block.run, {first, block.events.end()}, row, now_);
        return {};
    }

    Result<void> open_runs() {
        auto runs = ledger_.database->query(
            "SELECT r.id, r.interaction_id, i.last_seq FROM runs r"
            " JOIN interactions i ON i.id = r.interaction_id WHERE r.status <= 3");
        if (!runs) return std::unexpected(runs.error());
        while (true) {
            const auto row = runs->step();
            if (!row) return std::unexpected(row.error());
            if (!*row) return {};
            const auto interaction = runs->id<InteractionId>(1);
            LiveLog* log = ledger_.live.find(interaction);
            if (!log) log = &ledger_.live.add(interaction, runs->count(2));
            ledger_.live.open_run(*log, runs->id<RunId>(0));
        }
    }

private:
    Ledger& ledger_;
    const std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<void> recover(Ledger& ledger) {
    Recovery recovery(ledger);
    auto scanned = scan_journal(*ledger.database, [&](int64_t row, const JournalBlock& block) {
        return recovery.take(row, block);
    });
    if (!scanned) return scanned;
    if (auto opened = recovery.open_runs(); !opened) return opened;
    ledger.live.settle();

    const auto last = number(ledger.database->query("SELECT max(id) FROM journal"));
    if (!last) return std::unexpected(last.error());
    const auto rows = number(ledger.database->query("SELECT count(*) FROM journal"));
    if (!rows) return std::unexpected(rows.error());
    ledger.last_row = static_cast<int64_t>(*last);
    ledger.counters.journal_rows = *rows;
    return {};
}

}  // namespace patchbay
