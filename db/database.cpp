#include "db/database.hpp"

#include <sqlite3.h>

#include <utility>

namespace patchbay {
namespace {

constexpr int busy_timeout_ms = 5000;

Error error_of(sqlite3* handle, int code, const std::string& path) {
    const auto storage = [](std::string message) {
        return Error{.code = ErrorCode::storage, .message = std::move(message), .retryable = true};
    };
    switch (code & 0xff) {
        case SQLITE_FULL:
            return storage("no space is left for " + path +
                           ": free some, or lower store.max_bytes");
        case SQLITE_READONLY:
            return storage(path + " cannot be written: make the file and its folder writable");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return storage(path + " is locked by another program: stop it, then try again");
        case SQLITE_CORRUPT: return storage(path + " is damaged: restore a backup");
        case SQLITE_NOTADB:
            return storage(path +
                           " is not a Patchbay database: move it away, or choose another "
                           "store.data_dir");
        case SQLITE_CANTOPEN:
            return storage(path + " cannot be opened: check that its folder exists and is yours");
        case SQLITE_IOERR:
            return storage(path + " cannot be read or written (" + sqlite3_errstr(code) +
                           ", SQLite error " + std::to_string(code) + "): look after the disk");
        case SQLITE_CONSTRAINT:
            return {.code = ErrorCode::conflict, .message = sqlite3_errmsg(handle)};
        case SQLITE_TOOBIG:
            return {.code = ErrorCode::too_large, .message = "a value is too large for the store"};
        default:
            return storage(path + ": " + (handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code)) +
                           " (SQLite error " + std::to_string(code) + ")");
    }
}

}  // namespace

void StatementCloser::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void DatabaseCloser::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

// ---- Statement ----

Statement::~Statement() {
    if (handle_) database_->give_back(sql_, std::move(handle_));
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return std::unexpected(database_->last_error());
}

Result<void> Statement::run() {
    while (true) {
        const auto row = step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
    }
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::blob(int column) const {
    const void* bytes = sqlite3_column_blob(handle_.get(), column);
    const int size = sqlite3_column_bytes(handle_.get(), column);
    if (!bytes) return {};
    return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

IdBytes Statement::id_bytes(int column) const {
    IdBytes bytes{};
    const auto value = blob(column);
    if (value.size() == bytes.size()) std::memcpy(bytes.data(), value.data(), bytes.size());
    return bytes;
}

void Statement::bind_integer(int index, int64_t value) {
    sqlite3_bind_int64(handle_.get(), index, value);
}

void Statement::bind_text(int index, std::string_view value) {
    sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

void Statement::bind_blob(int index, std::string_view value) {
    const char* bytes = value.data() ? value.data() : "";
    sqlite3_bind_blob64(handle_.get(), index, bytes, value.size(), SQLITE_STATIC);
}

void Statement::bind_id(int index, const IdBytes& value) {
    if (value == IdBytes{}) return;
    sqlite3_bind_blob64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT);
}

// ---- Database ----

Result<std::unique_ptr<Database>> Database::open(const std::string& path, OpenMode mode,
                                                 const std::string& vfs) {
    const int access = mode == OpenMode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                : SQLITE_OPEN_READONLY;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX,
                                     vfs.empty() ? nullptr : vfs.c_str());
    std::unique_ptr<Database> database(new Database(path, handle));  // closes it on failure too
    if (code != SQLITE_OK) return std::unexpected(error_of(handle, code, path));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    return database;
}

Database::~Database() = default;

Result<Statement> Database::take(std::string_view sql) {
    auto& idle = idle_[sql];
    if (!idle.empty()) {
        StatementHandle handle = std::move(idle.back());
        idle.pop_back();
        return Statement(*this, sql, std::move(handle));
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return std::unexpected(last_error());
    return Statement(*this, sql, StatementHandle(statement));
}

void Database::give_back(std::string_view sql, StatementHandle handle) {
    sqlite3_reset(handle.get());
    sqlite3_clear_bindings(handle.get());
    idle_[sql].push_back(std::move(handle));
}

Error Database::last_error() {
    const int code = sqlite3_extended_errcode(handle_.get());
    const bool is_sync = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
    if (is_sync && sync_failed_) *sync_failed_ = true;
    return error_of(handle_.get(), code, path_);
}

Result<void> Database::execute(const std::string& script) {
    const int code = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(last_error());
    return {};
}

Result<void> Database::set_synced(bool synced) {
    if (synced_ == synced) return {};
    auto set = execute(synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (set) synced_ = synced;
    return set;
}

Result<CheckpointState> Database::checkpoint() {
    CheckpointState state;
    const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &state.log_frames, &state.copied_frames);
    if (code == SQLITE_BUSY) return state;  // someone else is at it
    if (code != SQLITE_OK) return std::unexpected(last_error());
    return state;
}

Result<void> Database::restart_log() {
    sqlite3_busy_timeout(handle_.get(), 0);
    const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_RESTART,
                                               nullptr, nullptr);
    sqlite3_busy_timeout(handle_.get(), busy_timeout_ms);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return std::unexpected(last_error());
    return {};
}

void Database::keep_log() {
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
int64_t Database::changed_rows() const { return sqlite3_changes64(handle_.get()); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

// ---- Transaction ----

Result<Transaction> Transaction::begin_write(Database& database) {
    if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return std::unexpected(begun.error());
    return Transaction(database);
}

Result<Transaction> Transaction::begin_read(Database& database) {
    if (auto begun = database.run("BEGIN"); !begun) return std::unexpected(begun.error());
    return Transaction(database);
}

Transaction::~Transaction() {
    // A failed ROLLBACK leaves nothing to undo: SQLite has rolled back by itself (disk full, …).
    if (database_ && database_->in_transaction()) (void)database_->run("ROLLBACK");
}

Result<void> Transaction::commit() {
    if (auto done = database_->run("COMMIT"); !done) return done;
    database_ = nullptr;
    return {};
}

}  // namespace patchbay
