#include "db/idempotency.hpp"

namespace patchbay {
namespace {

constexpr int64_t kept_ms = 24LL * 60 * 60 * 1000;
constexpr int64_t purged_at_once = 500;

}  // namespace

Result<std::optional<Batch::Duplicate>> find_claim(Database& database, const std::string& owner,
                                                   const std::string& key, int64_t now_ms) {
    auto query = database.query(
        "SELECT i.run_id, r.interaction_id, i.request_sha256 FROM idempotency i"
        " JOIN runs r ON r.id = i.run_id"
        " WHERE i.owner=?1 AND i.key=?2 AND i.created_at_ms>?3",
        owner, key, now_ms - kept_ms);
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return Batch::Duplicate{.run = query->id<RunId>(0),
                            .interaction = query->id<InteractionId>(1),
                            .request_sha256 = query->text(2)};
}

Result<void> claim(Database& database, const ClaimIdempotencyKey& key, const RunId& run,
                   int64_t now_ms) {
    return database.run(
        "INSERT OR REPLACE INTO idempotency(owner, key, request_sha256, run_id, created_at_ms)"
        " VALUES(?1, ?2, ?3, ?4, ?5)",
        key.owner, key.key, BlobView{key.request_sha256}, run, now_ms);
}

Result<void> purge_claims(Database& database, int64_t now_ms) {
    return database.run(
        "DELETE FROM idempotency WHERE (owner, key) IN (SELECT owner, key FROM idempotency"
        " WHERE created_at_ms <= ?1 LIMIT ?2)",
        now_ms - kept_ms, purged_at_once);
}

}  // namespace patchbay
