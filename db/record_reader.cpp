#include "db/record_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay {
namespace {

// What the read_ functions below take, in their order.
constexpr std::string_view interaction_columns =
    "SELECT id, owner, title, agent, model, last_seq, compacted_to, turns, created_at_ms,"
    " updated_at_ms, metadata_json FROM interactions";
constexpr std::string_view run_columns =
    "SELECT id, interaction_id, turn, status, attempt, first_seq, last_seq, agent, provider,"
    " model, request_json, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,"
    " reasoning_tokens, usage_estimated, cost_micros, error_json, superseded_json, owner_node,"
    " epoch, started_at_ms, ended_at_ms FROM runs";
constexpr std::string_view message_columns =
    "SELECT id, interaction_id, run_id, turn, seq, parent_id, role, content_json, status,"
    " created_at_ms FROM messages";

// Keep the result in a static: a connection's cache refers to it.
std::string sql_of(std::string_view columns, std::string_view rest) {
    return std::string(columns) + " " + std::string(rest);
}

InteractionRecord read_interaction(const Statement& row) {
    return {.id = row.id<InteractionId>(0),
            .owner = row.text(1),
            .title = row.text(2),
            .agent = row.text(3),
            .model = row.text(4),
            .last_seq = row.count(5),
            .compacted_to = row.count(6),
            .turns = static_cast<uint32_t>(row.integer(7)),
            .created_at_ms = row.integer(8),
            .updated_at_ms = row.integer(9),
            .metadata_json = row.text(10)};
}

std::vector<SeqRange> read_ranges(const std::string& json) {
    std::vector<SeqRange> ranges;
    for (const auto& range : nlohmann::json::parse(json, nullptr, false)) {
        if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() ||
            !range[1].is_number_unsigned()) {
            continue;
        }
        ranges.emplace_back(range[0].get<uint64_t>(), range[1].get<uint64_t>());
    }
    return ranges;
}

RunRecord read_run(const Statement& row) {
    RunRecord run{.id = row.id<RunId>(0),
                  .interaction = row.id<InteractionId>(1),
                  .turn = static_cast<uint32_t>(row.integer(2)),
                  .status = static_cast<RunStatus>(row.integer(3)),
                  .attempt = static_cast<uint32_t>(row.integer(4)),
                  .first_seq = row.count(5),
                  .last_seq = row.count(6),
                  .agent = row.text(7),
                  .provider = row.text(8),
                  .model = row.text(9),
                  .request_json = row.text(10),
                  .usage = {.prompt_tokens = row.count(11),
                            .completion_tokens = row.count(12),
                            .cached_tokens = row.count(13),
                            .cache_write_tokens = row.count(14),
                            .reasoning_tokens = row.count(15),
                            .estimated = row.integer(16) != 0},
                  .cost_micros = std::nullopt,
                  .error_json = row.text(18),
                  .superseded = read_ranges(row.text(19)),
                  .owner_node = row.text(20),
                  .epoch = row.integer(21),
                  .started_at_ms = row.integer(22),
                  .ended_at_ms = row.integer(23)};
    if (!row.is_null(17)) run.cost_micros = row.integer(17);
    return run;
}

MessageRecord read_message(const Statement& row) {
    return {.id = row.id<MessageId>(0),
            .interaction = row.id<InteractionId>(1),
            .run = row.id<RunId>(2),
            .turn = static_cast<uint32_t>(row.integer(3)),
            .seq = row.count(4),
            .parent = row.id<MessageId>(5),
            .role = row.text(6),
            .content_json = row.text(7),
            .status = static_cast<MessageStatus>(row.integer(8)),
            .created_at_ms = row.integer(9)};
}

CredentialRecord read_credential(const Statement& row) {
    return {.id = row.text(0),
            .sha256 = row.text(1),
            .owner = row.text(2),
            .name = row.text(3),
            .role = static_cast<Role>(row.integer(4)),
            .created_at_ms = row.integer(5),
            .revoked_at_ms = row.integer(6)};
}

// All rows of `query`, each through `read`.
template <class Record>
Result<std::vector<Record>> read_all(Result<Statement> query, Record (*read)(const Statement&)) {
    if (!query) return std::unexpected(query.error());
    std::vector<Record> records;
    while (true) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return records;
        records.push_back(read(*query));
    }
}

// The one row of `query`; `missing` when there is none.
template <class Record>
Result<Record> read_one(Result<Statement> query, Record (*read)(const Statement&),
                        const std::string& missing) {
    if (!query) return std::unexpected(query.error());
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return failure(ErrorCode::not_found, missing);
    return read(*query);
}

}  // namespace

Result<InteractionRecord> find_interaction(Database& database, const InteractionId& id) {
    static const std::string sql = sql_of(interaction_columns, "WHERE id=?1");
    return read_one(database.query(sql, id), read_interaction, "no interaction " + id.str());
}

Result<std::vector<InteractionRecord>> list_interactions(Database& database,
                                                         const std::string& owner, size_t limit,
                                                         int64_t before_ms,
                                                         const InteractionId& before) {
    static const std::string sql = sql_of(interaction_columns,
                                          "WHERE owner=?1 AND (created_at_ms, id) < (?3, ?4)"
                                          " ORDER BY created_at_ms DESC, id DESC LIMIT ?2");
    return read_all(database.query(sql, owner, limit, before_ms, before), read_interaction);
}

Result<RunRecord> find_run(Database& database, const RunId& id) {
    static const std::string sql = sql_of(run_columns, "WHERE id=?1");
    return read_one(database.query(sql, id), read_run, "no run " + id.str());
}

Result<std::vector<RunRecord>> find_open_runs(Database& database) {
    static const std::string sql =
        sql_of(run_columns, "WHERE status <= 3 ORDER BY interaction_id, turn");
    return read_all(database.query(sql), read_run);
}

Result<std::vector<RunRecord>> find_open_runs_of(Database& database, const InteractionId& id) {
    static const std::string sql =
        sql_of(run_columns, "WHERE interaction_id=?1 AND status <= 3 ORDER BY turn");
    return read_all(database.query(sql, id), read_run);
}

Result<MessagePage> list_messages(Database& database, const InteractionId& id,
                                  const MessageId& after, size_t limit, size_t max_bytes) {
    static const std::string one = sql_of(message_columns, "WHERE id=?1 AND interaction_id=?2");
    static const std::string rest = sql_of(message_columns,
                                           "WHERE interaction_id=?1 AND (turn, seq) > (?2, ?3)"
                                           " ORDER BY turn, seq LIMIT ?4");
    int64_t turn = -1;
    int64_t seq = 0;
    if (!after.empty()) {
        const auto found = read_one(database.query(one, after, id), read_message,
                                    "no message " + after.str() + " in this interaction");
        if (!found) return std::unexpected(found.error());
        turn = found->turn;
        seq = static_cast<int64_t>(found->seq);
    }
    auto query = database.query(rest, id, turn, seq, limit + 1);
    if (!query) return std::unexpected(query.error());
    MessagePage page;
    size_t bytes = 0;
    while (true) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return page;
        page.more = page.items.size() == limit || (bytes >= max_bytes && !page.items.empty());
        if (page.more) return page;
        page.items.push_back(read_message(*query));
        bytes += page.items.back().content_json.size();
    }
}

Result<std::vector<MessageRecord>> newest_messages(Database& database, const InteractionId& id,
                                                   uint32_t before_turn, size_t limit,
                                                   size_t max_bytes) {
    static const std::string sql = sql_of(message_columns,
                                          "WHERE interaction_id=?1 AND turn < ?2 AND status <> 3"
                                          " ORDER BY turn DESC, seq DESC LIMIT ?3");
    auto query = database.query(sql, id, before_turn, limit);
    if (!query) return std::unexpected(query.error());
    std::vector<MessageRecord> messages;
    for (size_t bytes = 0; bytes < max_bytes; bytes += messages.back().content_json.size()) {
        const auto row = query->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        messages.push_back(read_message(*query));
    }
    std::reverse(messages.begin(), messages.end());
    return messages;
}

Result<std::vector<CredentialRecord>> list_credentials(Database& database) {
    return read_all(database.query("SELECT id, sha256, owner, name, role, created_at_ms,"
                                   " revoked_at_ms FROM credentials ORDER BY created_at_ms, id"),
                    read_credential);
}

}  // namespace patchbay
