#include "db/journal_scan.hpp"

#include <unordered_map>

namespace patchbay {
namespace {

// Asks once for each run.
class KnownRuns {
public:
    explicit KnownRuns(Database& database) : database_(database) {}

    Result<bool> knows(const JournalBlock& block) {
        const auto found = known_.find(block.run);
        if (found != known_.end()) return found->second;
        auto query = database_.query("SELECT 1 FROM runs WHERE id=?1 AND interaction_id=?2",
                                     block.run, block.interaction);
        if (!query) return std::unexpected(query.error());
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        known_.emplace(block.run, *row);
        return *row;
    }

private:
    Database& database_;
    std::unordered_map<RunId, bool> known_;
};

Result<void> scan_row(JournalRowReader& reader, int64_t row, KnownRuns& runs,
                      const BlockVisitor& visit) {
    JournalBlock block;
    while (true) {
        const auto more = reader.next(block);
        if (!more) return std::unexpected(more.error());
        if (!*more) return {};
        const auto known = runs.knows(block);
        if (!known) return std::unexpected(known.error());
        if (!*known) continue;
        if (auto visited = visit(row, block); !visited) return visited;
    }
}

}  // namespace

Result<void> scan_journal(Database& database, const BlockVisitor& visit) {
    KnownRuns runs(database);
    auto rows = database.query("SELECT id, payload FROM journal ORDER BY id");
    if (!rows) return std::unexpected(rows.error());
    while (true) {
        const auto row = rows->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        const int64_t id = rows->integer(0);
        auto reader = JournalRowReader::open(rows->blob(1), id);
        if (!reader) return std::unexpected(reader.error());
        if (auto scanned = scan_row(*reader, id, runs, visit); !scanned) return scanned;
    }
}

}  // namespace patchbay
