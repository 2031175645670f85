#include "db/begin_commit.hpp"

namespace patchbay {

Result<Transaction> begin_commit(Ledger& ledger, Sync sync) {
    Database& database = *ledger.database;
    if (ledger.in_doubt) return std::unexpected(in_doubt(database.path()));
    // Not inside a transaction.
    if (auto set = database.set_synced(sync == Sync::yes); !set) {
        return std::unexpected(set.error());
    }
    return Transaction::begin_write(database);
}

Error in_doubt(const std::string& path) {
    return {.code = ErrorCode::storage,
            .message = "the disk failed to sync " + path +
                       ", so that nothing more is written: look after the disk, then restart the "
                       "server",
            .retryable = true};
}

}  // namespace patchbay
