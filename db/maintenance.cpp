#include "db/maintenance.hpp"

#include "db/begin_commit.hpp"
#include "db/clock.hpp"
#include "db/compaction.hpp"
#include "db/folding.hpp"
#include "db/idempotency.hpp"
#include "db/instance_values.hpp"
#include "db/store.hpp"

#include <pthread.h>

#include <filesystem>

namespace patchbay {
namespace {

using namespace std::chrono_literals;

constexpr auto tick_time = 250ms;  // between checkpoints
constexpr auto step_pause = 1ms;   // in which the writer gets the ledger
constexpr auto look_time = 250ms;  // between looks at size, age and retention
constexpr auto purge_time = 60s;
constexpr auto retry_time = 1s;            // after a failure
constexpr auto longest_unfolded = 30s;     // a slow run must not keep everyone's journal rows
constexpr int longest_log_frames = 16384;  // 64 MiB; then a commit waits for a checkpoint's end
constexpr int64_t probe_bytes = 65536;

Result<uint64_t> number(Database& database, std::string_view sql) {
    auto query = database.query(sql);
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return query->count(0);
}

Result<uint64_t> bytes_in_use(Database& database) {
    const auto pages = number(database, "PRAGMA page_count");
    if (!pages) return pages;
    const auto unused = number(database, "PRAGMA freelist_count");
    if (!unused) return unused;
    const auto size = number(database, "PRAGMA page_size");
    if (!size) return size;
    return (*pages - *unused) * *size;
}

uint64_t bytes_on_disk(const std::string& path) {
    uint64_t total = 0;
    for (const std::string& file : {path, path + "-wal"}) {
        std::error_code missing;
        const auto size = std::filesystem::file_size(file, missing);
        if (!missing) total += size;
    }
    return total;
}

// Needs new pages to succeed, unlike most small writes, and a sync.
Result<void> probe(Ledger& ledger) {
    const std::lock_guard guard(ledger.mutex);
    Database& database = *ledger.database;
    auto transaction = begin_commit(ledger, Sync::yes);
    if (!transaction) return std::unexpected(transaction.error());
    auto filled =
        database.run("INSERT OR REPLACE INTO space_probe VALUES(1, zeroblob(?1))", probe_bytes);
    if (!filled) return filled;
    if (auto committed = transaction->commit(); !committed) return committed;
    if (auto emptied = database.run("DELETE FROM space_probe"); !emptied) return emptied;
    ledger.failing = false;
    return {};
}

// What is too old; true when there may be more.
Result<bool> purge(Ledger& ledger) {
    const std::lock_guard guard(ledger.mutex);
    auto transaction = begin_commit(ledger, Sync::no);
    if (!transaction) return std::unexpected(transaction.error());
    if (auto purged = purge_claims(*ledger.database, unix_ms()); !purged)
        return std::unexpected(purged.error());
    const auto more = purge_values(*ledger.database, unix_ms());
    if (!more) return more;
    if (auto committed = transaction->commit(); !committed)
        return std::unexpected(committed.error());
    return more;
}

}  // namespace

Maintenance::Maintenance(Ledger& ledger, std::unique_ptr<Database> database, Options options)
    : ledger_(ledger),
      database_(std::move(database)),
      options_(options),
      thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "log-maintenance");
}

Maintenance::~Maintenance() { stop(); }

void Maintenance::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool Maintenance::pause(Clock::duration time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

void Maintenance::run() {
    while (pause(tick_time)) {
        if (tick()) continue;
        // What could not be done now is tried again: everything is still in the journal.
        ledger_.counters.maintenance_failures += 1;
        if (!pause(retry_time)) return;
    }
}

Result<void> Maintenance::tick() {
    if (ledger_.in_doubt) {
        database_->keep_log();
        return {};
    }
    if (ledger_.failing) {
        if (auto probed = probe(ledger_); !probed) return probed;
    }
    if (auto done = checkpoint(); !done) return done;
    if (Clock::now() >= next_look_) {
        next_look_ = Clock::now() + look_time;
        if (auto looked = look_around(); !looked) return looked;
    }
    const auto next_checkpoint = Clock::now() + tick_time;
    while (Clock::now() < next_checkpoint) {
        const auto more = step();
        if (!more) return std::unexpected(more.error());
        if (!*more || !pause(step_pause)) return {};
    }
    return {};
}

// One step of each kind; true when there is more to do.
Result<bool> Maintenance::step() {
    const auto folding = fold_step(ledger_);
    if (!folding) return folding;
    const auto trimming = trim_journal_step(ledger_);
    if (!trimming) return trimming;
    const int64_t until = over_limit_ ? unix_ms() : unix_ms() - options_.retention.count();
    const auto compacting = compact_step(ledger_, until);
    if (!compacting) return compacting;
    const bool more = *folding || *trimming || *compacting;
    if (over_limit_) {
        if (auto checked = check_size(); !checked) return std::unexpected(checked.error());
        ledger_.full = over_limit_ && !more;
    }
    return more;
}

// A checkpoint does not hold up commits, but cannot catch up with a writer that never rests: the
// log would grow for ever. So when it has grown long, the rest is copied under the ledger's lock;
// the next commit then starts at the log's beginning again.
Result<void> Maintenance::checkpoint() {
    const auto state = database_->checkpoint();
    if (!state) return std::unexpected(state.error());
    if (state->copied_frames == state->log_frames || state->log_frames < longest_log_frames) {
        return {};
    }
    const std::lock_guard guard(ledger_.mutex);
    const auto rest = database_->checkpoint();
    if (!rest) return std::unexpected(rest.error());
    return {};
}

Result<void> Maintenance::look_around() {
    {
        const std::lock_guard guard(ledger_.mutex);
        const auto lock = ledger_.live.lock();
        ledger_.live.mark_due_before(Clock::now() - longest_unfolded);
    }
    ledger_.counters.file_bytes = bytes_on_disk(database_->path());
    if (Clock::now() >= next_purge_) {
        next_purge_ = Clock::now() + purge_time;
        const auto more = purge(ledger_);
        if (!more) return std::unexpected(more.error());
        if (*more) next_purge_ = Clock::now();
    }
    return check_size();
}

Result<void> Maintenance::check_size() {
    const auto bytes = bytes_in_use(*database_);
    if (!bytes) return std::unexpected(bytes.error());
    over_limit_ = *bytes > options_.max_bytes;
    if (!over_limit_) ledger_.full = false;
    return {};
}

}  // namespace patchbay
