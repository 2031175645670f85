#include "db/migrations.hpp"

namespace patchbay {
namespace {

Result<int> version_of(Database& database) {
    auto query = database.query("PRAGMA user_version");
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    return static_cast<int>(query->integer(0));
}

int newest_version() { return migrations().back().version; }

std::unexpected<Error> newer_database(const Database& database, int version) {
    return failure(ErrorCode::storage,
                   database.path() + " is of version " + std::to_string(version) +
                       ", and this patchbay knows versions up to " +
                       std::to_string(newest_version()) +
                       ": run a newer patchbay, or restore a backup made by this one");
}

}  // namespace

Result<void> migrate(Database& database) {
    auto transaction = Transaction::begin_write(database);
    if (!transaction) return std::unexpected(transaction.error());
    const auto version = version_of(database);
    if (!version) return std::unexpected(version.error());
    if (*version > newest_version()) return newer_database(database, *version);

    for (const Migration& migration : migrations()) {
        if (migration.version <= *version) continue;
        if (auto done = database.execute(migration.sql); !done) return done;
    }
    const std::string stamp = "PRAGMA user_version=" + std::to_string(newest_version());
    if (*version != newest_version()) {
        if (auto done = database.execute(stamp); !done) return done;
    }
    return transaction->commit();
}

Result<void> check_version(Database& database) {
    const auto version = version_of(database);
    if (!version) return std::unexpected(version.error());
    if (*version > newest_version()) return newer_database(database, *version);
    if (*version < newest_version()) {
        return failure(ErrorCode::storage, database.path() + " is of version " +
                                               std::to_string(*version) + ", older than this " +
                                               "patchbay's: start the server once to bring it up "
                                               "to date");
    }
    return {};
}

}  // namespace patchbay
