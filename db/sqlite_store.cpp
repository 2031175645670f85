#include "db/sqlite_store.hpp"

#include "db/backup.hpp"
#include "db/begin_commit.hpp"
#include "db/clock.hpp"
#include "db/event_log.hpp"
#include "db/folding.hpp"
#include "db/idempotency.hpp"
#include "db/instance_values.hpp"
#include "db/interaction_page.hpp"
#include "db/interaction_removal.hpp"
#include "db/log_file.hpp"
#include "db/migrations.hpp"
#include "db/projections.hpp"
#include "db/record_reader.hpp"
#include "db/recovery.hpp"

#include <unistd.h>

#include <algorithm>

namespace patchbay {
namespace {

constexpr size_t most_readers = 8;

// secure_delete: Debian's SQLite overwrites what is deleted, which doubles the cost of trimming the
// journal; FAST does so only where the page is written anyway. Checkpoints are maintenance's.
constexpr const char* writer_pragmas =
    "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864;"
    "PRAGMA secure_delete=FAST; PRAGMA temp_store=MEMORY";

std::unexpected<Error> closed() {
    return failure(ErrorCode::unavailable, "the store is closed, or was opened for reading only");
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const StoreOptions& options) {
    return SqliteStore::open(options);
}

// ---- opening and closing ----

SqliteStore::SqliteStore(const StoreOptions& options)
    : path_(options.data_dir + "/patchbay.db"),
      vfs_(options.vfs),
      read_only_(options.read_only),
      ledger_{.mutex = {},
              .database = nullptr,
              .live = {},
              .counters = counters_,
              .power_loss = options.power_loss},
      readers_(path_, vfs_, most_readers) {}

SqliteStore::~SqliteStore() { close(); }

Result<std::unique_ptr<Store>> SqliteStore::open(const StoreOptions& options) {
    std::unique_ptr<SqliteStore> store(new SqliteStore(options));
    if (auto started = store->start(options); !started) return std::unexpected(started.error());
    return store;
}

Result<void> SqliteStore::start(const StoreOptions& options) {
    if (read_only_) {
        if (access(path_.c_str(), F_OK) != 0) {
            return failure(ErrorCode::not_found, "there is no " + path_ +
                                                     ": start the server once, or choose another "
                                                     "store.data_dir");
        }
        auto reader = readers_.take();
        if (!reader) return std::unexpected(reader.error());
        return check_version(**reader);
    }
    auto folder = DataFolder::lock(options.data_dir);
    if (!folder) return std::unexpected(folder.error());
    folder_.emplace(std::move(*folder));
    if (auto opened = open_ledger(); !opened) return opened;

    auto database = Database::open(path_, OpenMode::create, vfs_);
    if (!database) return std::unexpected(database.error());
    (*database)->report_sync_failures(ledger_.in_doubt);
    if (auto set = (*database)->execute(writer_pragmas); !set) return set;
    if (auto set = (*database)->set_synced(false); !set) return set;
    const uint64_t max_bytes =
        options.max_bytes ? options.max_bytes : default_max_bytes(options.data_dir);
    writer_ = std::make_unique<LogWriter>(ledger_, options.gather);
    maintenance_ = std::make_unique<Maintenance>(
        ledger_, std::move(*database),
        Maintenance::Options{.retention = options.retention, .max_bytes = max_bytes});
    return {};
}

Result<void> SqliteStore::open_ledger() {
    // The server before may have ended after a failed sync: what it had promised is not on the
    // disk.
    if (auto written = rewrite_log(path_); !written) return written;
    auto database = Database::open(path_, OpenMode::create, vfs_);
    if (!database) return std::unexpected(database.error());
    ledger_.database = std::move(*database);
    ledger_.database->report_sync_failures(ledger_.in_doubt);
    if (auto set = ledger_.database->execute(writer_pragmas); !set) return set;
    if (auto migrated = migrate(*ledger_.database); !migrated) return migrated;
    if (auto recovered = recover(ledger_); !recovered) {
        Error error = recovered.error();
        if (!error.message.starts_with(path_)) error.message = path_ + ": " + error.message;
        return std::unexpected(error);
    }
    return ledger_.database->restart_log();  // small again, as after a clean end
}

void SqliteStore::close() {
    if (std::exchange(closed_, true)) return;
    if (maintenance_) maintenance_->stop();
    if (writer_) writer_->close();
    readers_.close();
    fold_everything();
    if (ledger_.in_doubt) ledger_.database->keep_log();
    maintenance_.reset();
    ledger_.database.reset();  // the last connection: SQLite checkpoints and removes its log
    folder_.reset();
}

// So that the next start has nothing to scan. What fails here is done then.
void SqliteStore::fold_everything() {
    if (!writer_) return;
    {
        const std::lock_guard guard(ledger_.mutex);
        const auto lock = ledger_.live.lock();
        ledger_.live.mark_all_due();
    }
    for (auto more = fold_step(ledger_); more && *more;) more = fold_step(ledger_);
    for (auto more = trim_journal_step(ledger_); more && *more;) more = trim_journal_step(ledger_);
}

// ---- the log ----

void SqliteStore::submit(std::vector<std::unique_ptr<Batch>> batches) {
    if (writer_) return writer_->submit(std::move(batches));
    for (auto& batch : batches) {
        batch->error = closed().error();
        CommitSink* sink = batch->sink;
        std::vector<std::unique_ptr<Batch>> one;
        one.push_back(std::move(batch));
        if (sink) sink->on_commit(std::move(one));
    }
}

Result<void> SqliteStore::admits_runs() const {
    if (ledger_.in_doubt) return std::unexpected(in_doubt(path_));
    if (ledger_.failing) {
        return failure(ErrorCode::storage,
                       "the store cannot be written at the moment: check the disk's free space");
    }
    if (ledger_.full) {
        return failure(ErrorCode::storage,
                       "the store has reached store.max_bytes: raise it, or delete interactions");
    }
    return {};
}

// ---- reads ----

Result<std::vector<OpenRun>> SqliteStore::open_runs() {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    auto runs = find_open_runs(**reader);
    if (!runs) return std::unexpected(runs.error());
    std::vector<OpenRun> open;
    for (RunRecord& run : *runs) {
        auto found = find_interaction(**reader, run.interaction);
        if (!found) return std::unexpected(found.error());
        found->last_seq = ledger_.live.last_seq(found->id).value_or(found->last_seq);
        open.push_back({std::move(run), std::move(*found)});
    }
    return open;
}

Result<EventPage> SqliteStore::events(const InteractionId& id, uint64_t after, size_t max_events,
                                      size_t max_bytes, const std::optional<RunId>& run) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    const EventQuery query{.interaction = id,
                           .after = after,
                           .max_events = max_events,
                           .max_bytes = max_bytes,
                           .run = run};
    if (read_only_) return read_events_from_journal(**reader, query);
    const auto live = ledger_.live.view(id, after);  // before the database is looked at
    return read_events(**reader, query, live);
}

Result<InteractionRecord> SqliteStore::interaction(const InteractionId& id) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    const auto live_seq = ledger_.live.last_seq(id);
    auto found = find_interaction(**reader, id);
    if (found && live_seq) found->last_seq = std::max(found->last_seq, *live_seq);
    return found;
}

Result<InteractionPage> SqliteStore::interactions(const std::string& owner, size_t limit,
                                                  const std::string& page) {
    const auto position = parse_page(page);
    if (!position) return std::unexpected(position.error());
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    auto items =
        list_interactions(**reader, owner, limit + 1, position->created_at_ms, position->id);
    if (!items) return std::unexpected(items.error());
    InteractionPage found{.items = std::move(*items), .next = {}};
    if (found.items.size() > limit) {
        found.items.resize(limit);
        if (limit > 0) found.next = page_after(found.items.back());
    }
    for (InteractionRecord& item : found.items) {
        const auto live_seq = ledger_.live.last_seq(item.id);
        if (live_seq) item.last_seq = std::max(item.last_seq, *live_seq);
    }
    return found;
}

Result<RunRecord> SqliteStore::run(const RunId& id) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return find_run(**reader, id);
}

Result<std::vector<RunRecord>> SqliteStore::open_runs_of(const InteractionId& id) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return find_open_runs_of(**reader, id);
}

Result<std::optional<Batch::Duplicate>> SqliteStore::find_idempotent(const std::string& owner,
                                                                     const std::string& key) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return find_claim(**reader, owner, key, unix_ms());
}

Result<MessagePage> SqliteStore::messages(const InteractionId& id, const MessageId& after,
                                          size_t limit, size_t max_bytes) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return list_messages(**reader, id, after, limit, max_bytes);
}

Result<std::vector<MessageRecord>> SqliteStore::recent_messages(const InteractionId& id,
                                                                uint32_t before_turn, size_t limit,
                                                                size_t max_bytes) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return newest_messages(**reader, id, before_turn, limit, max_bytes);
}

Result<std::vector<CredentialRecord>> SqliteStore::credentials() {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return list_credentials(**reader);
}

Result<std::optional<std::string>> SqliteStore::value(const std::string& instance,
                                                      const std::string& key) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return find_value(**reader, instance, key, unix_ms());
}

Result<std::vector<std::string>> SqliteStore::keys(const KeyRange& range) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return list_keys(**reader, range, unix_ms());
}

Result<void> SqliteStore::backup(const std::string& path) {
    auto reader = readers_.take();
    if (!reader) return std::unexpected(reader.error());
    return back_up(**reader, path);
}

// ---- writes ----

template <class Change>
auto SqliteStore::write(Change change) -> decltype(change(std::declval<Database&>())) {
    const std::lock_guard guard(ledger_.mutex);
    return write_locked(std::move(change));
}

template <class Change>
auto SqliteStore::write_locked(Change change) -> decltype(change(std::declval<Database&>())) {
    if (!ledger_.database) return closed();
    Database& database = *ledger_.database;
    auto transaction = begin_commit(ledger_, Sync::yes);
    if (!transaction) return std::unexpected(transaction.error());
    auto changed = change(database);
    if (!changed) return changed;
    if (auto committed = transaction->commit(); !committed) {
        return std::unexpected(committed.error());
    }
    return changed;
}

Result<void> SqliteStore::insert_interaction(const InteractionRecord& record) {
    auto written = write([&](Database& database) { return write_interaction(database, record); });
    if (!written && written.error().code == ErrorCode::conflict) {
        return failure(ErrorCode::conflict, "interaction " + record.id.str() + " exists");
    }
    return written;
}

Result<InteractionRecord> SqliteStore::update_interaction(
    const InteractionId& id, std::optional<std::string> title,
    std::optional<std::string> metadata_json) {
    auto updated = write([&](Database& database) -> Result<InteractionRecord> {
        auto found = find_interaction(database, id);
        if (!found) return found;
        if (title) found->title = std::move(*title);
        if (metadata_json) found->metadata_json = std::move(*metadata_json);
        auto set = database.run("UPDATE interactions SET title=?2, metadata_json=?3 WHERE id=?1",
                                id, found->title, found->metadata_json);
        if (!set) return std::unexpected(set.error());
        return found;
    });
    if (!updated) return updated;
    const auto live_seq = ledger_.live.last_seq(id);
    if (live_seq) updated->last_seq = std::max(updated->last_seq, *live_seq);
    return updated;
}

Result<void> SqliteStore::delete_interaction(const InteractionId& id) {
    const std::lock_guard guard(ledger_.mutex);
    auto removed =
        write_locked([&](Database& database) { return remove_interaction(database, id); });
    if (!removed) return removed;
    const auto lock = ledger_.live.lock();
    ledger_.live.forget(id);
    return removed;
}

Result<void> SqliteStore::insert_credential(const CredentialRecord& record) {
    auto written = write([&](Database& database) {
        return database.run(
            "INSERT INTO credentials(id, sha256, owner, name, role, created_at_ms, revoked_at_ms)"
            " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            record.id, BlobView{record.sha256}, record.owner, record.name,
            static_cast<int>(record.role), record.created_at_ms, record.revoked_at_ms);
    });
    if (!written && written.error().code == ErrorCode::conflict) {
        return failure(ErrorCode::conflict, "a key named " + record.name + " exists");
    }
    return written;
}

Result<void> SqliteStore::revoke_credential(const std::string& id, int64_t now_ms) {
    return write([&](Database& database) -> Result<void> {
        // One that was revoked before keeps its time.
        auto done = database.run(
            "UPDATE credentials SET revoked_at_ms=iif(revoked_at_ms=0, ?2, revoked_at_ms)"
            " WHERE id=?1",
            id, now_ms);
        if (!done) return done;
        if (database.changed_rows() == 0) return failure(ErrorCode::not_found, "no key " + id);
        return {};
    });
}

std::vector<Result<void>> SqliteStore::change_values(std::span<const ValueChange> changes) {
    const std::lock_guard guard(ledger_.mutex);
    if (!ledger_.database) return {changes.size(), closed()};
    return patchbay::change_values(ledger_, changes, unix_ms());
}

}  // namespace patchbay
