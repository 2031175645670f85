#include "db/projections.hpp"

#include "db/idempotency.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay {
namespace {

// Applies one projection of `batch`.
struct Applier {
    Database& database;
    Batch& batch;
    int64_t now_ms;

    Result<void> operator()(InsertInteraction& insert) const {
        return write_interaction(database, insert.record);
    }
    Result<void> operator()(InsertRun& insert) const;
    Result<void> operator()(UpdateRun& update) const;
    Result<void> operator()(InsertMessage& insert) const;
    Result<void> operator()(SetMessageStatus& set) const {
        return database.run("UPDATE messages SET status=?2 WHERE run_id=?1", set.run,
                            static_cast<int>(set.status));
    }
    Result<void> operator()(ClaimIdempotencyKey& key) const;

    uint64_t last_seq_of_ended(const RunRecord& run) const;
};

std::string superseded_json(const RunRecord& run) { return nlohmann::json(run.superseded).dump(); }

// When the run ended; the engine's word, else the batch's time, for retention counts from it.
int64_t end_of(const RunRecord& run, int64_t now_ms) {
    return run.ended_at_ms == 0 && !is_open(run.status) ? now_ms : run.ended_at_ms;
}

uint64_t Applier::last_seq_of_ended(const RunRecord& run) const {
    if (is_open(run.status)) return 0;
    return batch.events.empty() ? run.last_seq : batch.events.back().seq;
}

Result<void> Applier::operator()(InsertRun& insert) const {
    RunRecord& run = insert.record;
    if (!batch.events.empty()) run.first_seq = batch.events.front().seq;
    run.last_seq = last_seq_of_ended(run);
    const Usage& usage = run.usage;
    return database.run(
        "INSERT INTO runs(id, interaction_id, turn, first_seq, last_seq, status, attempt, agent,"
        " provider, model, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,"
        " reasoning_tokens, usage_estimated, cost_micros, error_json, superseded_json,"
        " request_json, owner_node, epoch, started_at_ms, ended_at_ms) VALUES(?1, ?2, ?3, ?4, ?5,"
        " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,"
        " ?24)",
        run.id, run.interaction, run.turn, run.first_seq, run.last_seq,
        static_cast<int>(run.status), run.attempt, run.agent, run.provider, run.model,
        usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.cache_write_tokens,
        usage.reasoning_tokens, usage.estimated, run.cost_micros, run.error_json,
        superseded_json(run), run.request_json, run.owner_node, run.epoch, run.started_at_ms,
        end_of(run, now_ms));
}

Result<void> Applier::operator()(UpdateRun& update) const {
    RunRecord& run = update.record;
    run.last_seq = last_seq_of_ended(run);
    const Usage& usage = run.usage;
    auto done = database.run(
        "UPDATE runs SET last_seq=?2, status=?3, attempt=?4, agent=?5, provider=?6, model=?7,"
        " prompt_tokens=?8, completion_tokens=?9, cached_tokens=?10, cache_write_tokens=?11,"
        " reasoning_tokens=?12, usage_estimated=?13, cost_micros=?14, error_json=?15,"
        " superseded_json=?16, request_json=?17, owner_node=?18, epoch=?19, started_at_ms=?20,"
        " ended_at_ms=?21 WHERE id=?1",
        run.id, run.last_seq, static_cast<int>(run.status), run.attempt, run.agent, run.provider,
        run.model, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens,
        usage.cache_write_tokens, usage.reasoning_tokens, usage.estimated, run.cost_micros,
        run.error_json, superseded_json(run), run.request_json, run.owner_node, run.epoch,
        run.started_at_ms, end_of(run, now_ms));
    if (!done) return done;
    if (database.changed_rows() == 0) {
        return failure(ErrorCode::not_found, "no run " + run.id.str());
    }
    return {};
}

Result<void> Applier::operator()(InsertMessage& insert) const {
    MessageRecord& message = insert.record;
    if (insert.event < batch.events.size()) message.seq = batch.events[insert.event].seq;
    return database.run(
        "INSERT INTO messages(id, interaction_id, run_id, turn, seq, parent_id, role, status,"
        " created_at_ms, content_json) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        message.id, message.interaction, message.run, message.turn, message.seq, message.parent,
        message.role, static_cast<int>(message.status), message.created_at_ms,
        message.content_json);
}

Result<void> Applier::operator()(ClaimIdempotencyKey& key) const {
    auto used = find_claim(database, key.owner, key.key, now_ms);
    if (!used) return std::unexpected(used.error());
    if (*used) {
        batch.duplicate_of = std::move(*used);
        return failure(ErrorCode::conflict, "this Idempotency-Key was used before");
    }
    return claim(database, key, batch.run, now_ms);
}

}  // namespace

Result<void> apply_projections(Database& database, Batch& batch, int64_t now_ms) {
    const Applier applier{database, batch, now_ms};
    for (Projection& projection : batch.projections) {
        if (auto done = std::visit(applier, projection); !done) return done;
    }
    return {};
}

bool must_sync(const Batch& batch) {
    const auto event_wants = [](const Event& event) { return wants_sync(event.kind); };
    const auto projection_wants = [](const Projection& projection) {
        const auto* update = std::get_if<UpdateRun>(&projection);
        return update == nullptr || !is_open(update->record.status);
    };
    return std::any_of(batch.events.begin(), batch.events.end(), event_wants) ||
           std::any_of(batch.projections.begin(), batch.projections.end(), projection_wants);
}

Result<void> write_interaction(Database& database, const InteractionRecord& record) {
    return database.run(
        "INSERT INTO interactions(id, owner, title, agent, model, last_seq, compacted_to, turns,"
        " created_at_ms, updated_at_ms, metadata_json)"
        " VALUES(?1, ?2, ?3, ?4, ?5, 0, 0, 0, ?6, ?7, ?8)",
        record.id, record.owner, record.title, record.agent, record.model, record.created_at_ms,
        record.updated_at_ms, record.metadata_json);
}

}  // namespace patchbay
