#include "db/instance_values.hpp"

#include "db/begin_commit.hpp"

#include <algorithm>

namespace patchbay {
namespace {

constexpr int64_t purged_at_once = 200;

// The least text of bytes that is greater than all which begin with `prefix`; "" = there is none.
std::string end_of(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

Result<uint64_t> size_of_row(Database& database, const ValueChange& change) {
    auto query = database.query(
        "SELECT length(key) + length(value) FROM instance_values WHERE instance=?1 AND key=?2",
        change.instance, BlobView{change.key});
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return *row ? query->count(0) : 0;
}

Result<uint64_t> size_of_all(Database& database, const std::string& instance) {
    auto query = database.query("SELECT bytes FROM instance_sizes WHERE instance=?1", instance);
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return *row ? query->count(0) : 0;
}

Result<bool> has_room(Database& database, const ValueChange& change) {
    const auto all = size_of_all(database, change.instance);
    if (!all) return std::unexpected(all.error());
    const auto before = size_of_row(database, change);
    if (!before) return std::unexpected(before.error());
    return *all - *before + change.key.size() + change.value->size() <= instance_space;
}

Result<bool> make_room(Database& database, const ValueChange& change, int64_t now_ms) {
    const auto room = has_room(database, change);
    if (!room || *room) return room;
    // What has expired is in nobody's way.
    auto purged = database.run(
        "DELETE FROM instance_values WHERE rowid IN (SELECT rowid FROM instance_values"
        " WHERE instance=?1 AND expires_at_ms > 0 AND expires_at_ms <= ?2 LIMIT ?3)",
        change.instance, now_ms, purged_at_once);
    if (!purged) return std::unexpected(purged.error());
    return has_room(database, change);
}

// False: it does not fit, and nothing has changed.
Result<bool> change_value(Database& database, const ValueChange& change, int64_t now_ms) {
    if (!change.value) {
        auto gone = database.run("DELETE FROM instance_values WHERE instance=?1 AND key=?2",
                                 change.instance, BlobView{change.key});
        if (!gone) return std::unexpected(gone.error());
        return true;
    }
    const auto room = make_room(database, change, now_ms);
    if (!room || !*room) return room;
    auto put = database.run(
        "INSERT INTO instance_values(instance, key, value, expires_at_ms) VALUES(?1, ?2, ?3, ?4)"
        " ON CONFLICT(instance, key) DO UPDATE SET value=excluded.value,"
        " expires_at_ms=excluded.expires_at_ms",
        change.instance, BlobView{change.key}, BlobView{*change.value}, change.expires_at_ms);
    if (!put) return std::unexpected(put.error());
    return true;
}

Error no_room(const std::string& instance) {
    return {.code = ErrorCode::storage,
            .message = "the plugin instance " + instance +
                       " keeps 64 MiB already: it must remove something first"};
}

Error store_is_full() {
    return {.code = ErrorCode::storage, .message = "the store has reached store.max_bytes"};
}

Result<void> write(Ledger& ledger, std::span<const ValueChange> changes, int64_t now_ms,
                   std::vector<Result<void>>& results) {
    auto transaction = begin_commit(ledger, ledger.power_loss ? Sync::yes : Sync::no);
    if (!transaction) return std::unexpected(transaction.error());
    for (size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].value && ledger.full) {
            results[i] = std::unexpected(store_is_full());
            continue;
        }
        const auto done = change_value(*ledger.database, changes[i], now_ms);
        if (!done) return std::unexpected(done.error());
        if (!*done) results[i] = std::unexpected(no_room(changes[i].instance));
    }
    return transaction->commit();
}

}  // namespace

Result<std::optional<std::string>> find_value(Database& database, const std::string& instance,
                                              const std::string& key, int64_t now_ms) {
    auto query = database.query(
        "SELECT value FROM instance_values WHERE instance=?1 AND key=?2"
        " AND (expires_at_ms = 0 OR expires_at_ms > ?3)",
        instance, BlobView{key}, now_ms);
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return std::string(query->blob(0));
}

Result<std::vector<std::string>> list_keys(Database& database, const KeyRange& range,
                                           int64_t now_ms) {
    // Right behind `after` comes what has one byte more, the least one.
    const auto next = range.after.empty() ? std::string() : range.after + '\0';
    const auto& from = std::max(range.prefix, next);
    const auto end = end_of(range.prefix);
    auto query = database.query(
        "SELECT key FROM instance_values WHERE instance=?1 AND key >= ?2"
        " AND (length(?3) = 0 OR key < ?3) AND (expires_at_ms = 0 OR expires_at_ms > ?4)"
        " ORDER BY key LIMIT ?5",
        range.instance, BlobView{from}, BlobView{end}, now_ms, range.limit);
    if (!query) return std::unexpected(query.error());
    std::vector<std::string> keys;
    while (true) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return keys;
        keys.emplace_back(query->blob(0));
    }
}

std::vector<Result<void>> change_values(Ledger& ledger, std::span<const ValueChange> changes,
                                        int64_t now_ms) {
    std::vector<Result<void>> results(changes.size());
    const auto written = write(ledger, changes, now_ms, results);
    if (!written) std::ranges::fill(results, written);
    return results;
}

Result<bool> purge_values(Database& database, int64_t now_ms) {
    auto purged = database.run(
        "DELETE FROM instance_values WHERE rowid IN (SELECT rowid FROM instance_values"
        " WHERE expires_at_ms > 0 AND expires_at_ms <= ?1 LIMIT ?2)",
        now_ms, purged_at_once);
    if (!purged) return std::unexpected(purged.error());
    return database.changed_rows() == purged_at_once;
}

}  // namespace patchbay
