// One SQLite connection and its prepared statements. No other file knows sqlite3.h.
//
// Threads    a connection and its statements are used by one thread at a time; the owner sees to
// it. Life       statements must not outlive their connection. Errors     `conflict` for a broken
// constraint, `too_large` for a value beyond SQLite's limit;
//            everything else is `storage`, with a sentence that says what to do.
#pragma once

#include "db/id.hpp"

#include <patchbay/error.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace patchbay {

// A value to bind as a BLOB. It is borrowed until the statement was stepped to its end.
struct BlobView {
    std::string_view bytes;
};

struct StatementCloser {
    void operator()(sqlite3_stmt* statement) const;
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, StatementCloser>;

class Database;

// A prepared statement with its values bound. Goes back to its connection's cache when destroyed.
class Statement {
public:
    Statement(Statement&& other) noexcept = default;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    Result<bool> step();  // true: there is a row
    Result<void> run();   // to its end, rows are dropped

    // Columns of the row, from 0. A NULL reads as 0 or "".
    int64_t integer(int column) const;
    uint64_t count(int column) const { return static_cast<uint64_t>(integer(column)); }
    std::string text(int column) const { return std::string(blob(column)); }
    std::string_view blob(int column) const;  // borrowed until the next step
    bool is_null(int column) const;

    template <class AnyId>
    AnyId id(int column) const {
        return AnyId(id_bytes(column));
    }

private:
    friend class Database;
    Statement(Database& database, std::string_view sql, StatementHandle handle)
        : database_(&database), sql_(sql), handle_(std::move(handle)) {}

    IdBytes id_bytes(int column) const;

    void bind_one(int index, std::integral auto value) {
        bind_integer(index, static_cast<int64_t>(value));
    }
    void bind_one(int index, const std::string& value) { bind_text(index, value); }
    void bind_one(int index, BlobView value) { bind_blob(index, value.bytes); }
    void bind_one(int index, std::optional<int64_t> value) {
        if (value) bind_integer(index, *value);  // else it stays NULL
    }
    template <class Tag>
    void bind_one(int index, const Id<Tag>& value) {
        bind_id(index, value.bytes());
    }
    void bind_integer(int index, int64_t value);
    void bind_text(int index, std::string_view value);
    void bind_blob(int index, std::string_view value);
    void bind_id(int index, const IdBytes& value);  // the empty id is NULL

    Database* database_;
    std::string_view sql_;
    StatementHandle handle_;
};

struct DatabaseCloser {
    void operator()(sqlite3* database) const;
};

enum class OpenMode { create, read_only };

struct CheckpointState {
    int log_frames = 0;     // pages in the write-ahead log
    int copied_frames = 0;  // of them, in the database file
};

class Database {
public:
    // `vfs` names a registered SQLite VFS; "" is the system's own.
    static Result<std::unique_ptr<Database>> open(const std::string& path, OpenMode mode,
                                                  const std::string& vfs = "");
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // Prepares `sql` (a literal: the cache keeps the view) and binds `values` to ?1, ?2, …
    template <class... Values>
    Result<Statement> query(std::string_view sql, const Values&... values) {
        auto statement = take(sql);
        if (statement) {
            [[maybe_unused]] int index = 0;
            (statement->bind_one(++index, values), ...);
        }
        return statement;
    }

    // The same, run to its end.
    template <class... Values>
    Result<void> run(std::string_view sql, const Values&... values) {
        auto statement = query(sql, values...);
        if (!statement) return std::unexpected(statement.error());
        return statement->run();
    }

    Result<void> execute(const std::string& script);  // many statements, no values

    // Whether the next transactions are synced to disk when they commit.
    Result<void> set_synced(bool synced);

    // Copies pages of the log into the database file, as far as no reader or writer is in the way.
    Result<CheckpointState> checkpoint();

    // Copies all of the log, and lets the next commit begin it anew; not where another program is
    // reading or writing, for it is not waited for.
    Result<void> restart_log();

    // `failed`, borrowed, becomes true as soon as a sync of this connection fails.
    void report_sync_failures(std::atomic<bool>& failed) { sync_failed_ = &failed; }

    // The log stays as it is when the last connection closes, for the next start to read.
    void keep_log();

    int64_t last_row() const;      // the rowid of the last INSERT
    int64_t changed_rows() const;  // by the last statement
    bool in_transaction() const;
    const std::string& path() const { return path_; }

private:
    friend class Statement;
    Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

    Result<Statement> take(std::string_view sql);
    void give_back(std::string_view sql, StatementHandle handle);
    Error last_error();

    std::string path_;
    std::unique_ptr<sqlite3, DatabaseCloser> handle_;
    std::unordered_map<std::string_view, std::vector<StatementHandle>> idle_;
    std::optional<bool> synced_;
    std::atomic<bool>* sync_failed_ = nullptr;
};

// A transaction, rolled back when it is destroyed without a commit.
class Transaction {
public:
    static Result<Transaction> begin_write(Database& database);
    static Result<Transaction> begin_read(Database& database);

    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace patchbay
