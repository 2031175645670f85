#include "db/interaction_removal.hpp"

#include "db/record_reader.hpp"

namespace patchbay {

Result<void> remove_interaction(Database& database, const InteractionId& id) {
    const auto open = find_open_runs_of(database, id);
    if (!open) return std::unexpected(open.error());
    if (!open->empty()) {
        return failure(ErrorCode::conflict,
                       "run " + open->front().id.str() + " is active: cancel it first");
    }
    static constexpr std::string_view deletions[] = {
        "DELETE FROM idempotency WHERE run_id IN (SELECT id FROM runs WHERE interaction_id=?1)",
        "DELETE FROM messages WHERE interaction_id=?1",
        "DELETE FROM segments WHERE interaction_id=?1",
        "DELETE FROM runs WHERE interaction_id=?1",
        "DELETE FROM interactions WHERE id=?1",
    };
    for (const std::string_view sql : deletions) {
        if (auto deleted = database.run(sql, id); !deleted) return deleted;
    }
    if (database.changed_rows() == 0) {
        return failure(ErrorCode::not_found, "no interaction " + id.str());
    }
    return {};
}

}  // namespace patchbay
