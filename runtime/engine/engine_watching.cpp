// Engine: what a viewer gets, and how it is attached.
#include "runtime/engine/engine.hpp"

namespace patchbay::engine {
namespace {

// The newest: to open a long conversation must not cost more than to open a short one.
constexpr size_t snapshot_messages = 100;
constexpr size_t snapshot_bytes = 4 * 1024 * 1024;

}  // namespace

void Engine::plan_view(ViewRequest request, OnPlan done) {
    Shard& shard = shard_of(request.interaction);
    const auto id = request.interaction;
    const auto owner = request.owner;
    shard.with_interaction(
        id, owner,
        [this, request = std::move(request),
         done = std::move(done)](Result<Interaction*> found) mutable {
            if (!found) return done(std::unexpected(found.error()));
            Interaction& interaction = **found;
            Run* live = request.run ? interaction.find_run(*request.run) : nullptr;
            const bool at_hand = request.after >= interaction.last_seq() ||
                                 interaction.window().find(request.after + 1) != nullptr;
            if (at_hand && (live != nullptr || !request.run)) {
                const auto run = live ? std::optional(live->record()) : std::nullopt;
                return finish_plan(interaction, std::move(request), run, std::move(done));
            }
            read_for_plan(interaction, std::move(request), std::move(done));
        });
}

// Asks the store how far the log is compacted, and for the run when it has ended.
void Engine::read_for_plan(Interaction& interaction, ViewRequest request, OnPlan done) {
    struct Facts {
        Result<InteractionRecord> interaction;
        std::optional<Result<RunRecord>> run;
    };
    auto read = [id = interaction.id(), run = request.run](Store& store) {
        return Facts{store.interaction(id), run ? std::optional(store.run(*run)) : std::nullopt};
    };
    interaction.pin();
    interaction.shard().read(std::move(read), [this, &interaction, request = std::move(request),
                                               done = std::move(done)](Facts facts) mutable {
        if (facts.interaction) interaction.note_compaction(facts.interaction->compacted_to);
        std::optional<RunRecord> run;
        if (facts.run && *facts.run) run = std::move(**facts.run);
        const bool known = !request.run || (run && run->interaction == interaction.id());
        if (known && facts.interaction) {
            finish_plan(interaction, std::move(request), run, std::move(done));
        } else if (facts.run && !*facts.run) {
            done(std::unexpected(missing_or(no_such_run(), facts.run->error())));
        } else {
            done(std::unexpected(facts.interaction ? no_such_run() : facts.interaction.error()));
        }
        interaction.unpin();
    });
}

void Engine::finish_plan(Interaction& interaction, ViewRequest request,
                         const std::optional<RunRecord>& run, OnPlan done) {
    if (request.after > interaction.last_seq()) {
        return done(failure(ErrorCode::out_of_range, "The cursor " + std::to_string(request.after) +
                                                         " lies beyond the last event, " +
                                                         std::to_string(interaction.last_seq()) +
                                                         "."));
    }
    ViewPlan plan{.after = request.after, .run = request.run, .follow = request.follow};
    const uint64_t compacted = interaction.record().compacted_to;
    bool missing = request.after < compacted;
    if (run) {
        const bool open = interaction.find_run(run->id) != nullptr;
        plan.end_seq = open ? 0 : run->last_seq;
        plan.superseded = run->superseded;
        plan.after = std::max(plan.after, run->first_seq - std::min<uint64_t>(run->first_seq, 1));
        plan.nothing_more = !open && request.after >= run->last_seq;
        missing = missing && run->first_seq <= compacted;
    } else {
        const bool at_end = request.after == interaction.last_seq();
        plan.nothing_more = at_end && !interaction.has_open_runs() && !request.follow;
    }
    const bool snapshot = request.can_replace && (request.snapshot || missing);
    if (plan.nothing_more && !request.snapshot) return done(std::move(plan));
    plan.nothing_more = false;
    if (!snapshot) return done(std::move(plan));
    add_snapshot(interaction, std::move(plan), std::move(done));
}

// The messages up to now from the store, the text that is being written from the run itself.
void Engine::add_snapshot(Interaction& interaction, ViewPlan plan, OnPlan done) {
    Run* const running = interaction.active();
    if (running && running->state() == Run::State::recovering) {
        interaction.pin();
        return running->when_recovered(
            [this, &interaction, plan = std::move(plan), done = std::move(done)]() mutable {
                add_snapshot(interaction, std::move(plan), std::move(done));
                interaction.unpin();
            });
    }
    Snapshot snapshot{.from = plan.after + 1, .seq = interaction.last_seq()};
    if (running && running->state() == Run::State::running) {
        snapshot.partial_run = running->id();
        snapshot.partial_text = running->committed_text();
    }
    plan.after = snapshot.seq;
    plan.snapshot = std::move(snapshot);
    auto read = [id = interaction.id()](Store& store) {
        return store.recent_messages(id, UINT32_MAX, snapshot_messages, snapshot_bytes);
    };
    interaction.pin();
    interaction.shard().read(std::move(read),
                             [&interaction, plan = std::move(plan), done = std::move(done)](
                                 Result<std::vector<MessageRecord>> messages) mutable {
                                 if (messages) {
                                     std::erase_if(*messages, [&](const auto& message) {
                                         return message.seq > plan.snapshot->seq;
                                     });
                                     plan.snapshot->messages = std::move(*messages);
                                     done(std::move(plan));
                                 } else {
                                     done(std::unexpected(messages.error()));
                                 }
                                 interaction.unpin();
                             });
}

void Engine::attach(const InteractionId& id, ViewPlan plan,
                    std::unique_ptr<net::EventStream> stream, std::unique_ptr<Dialect> dialect) {
    Interaction* interaction = shard_of(id).find(id);
    if (interaction == nullptr) return;  // removed in between: the stream ends
    if (plan.snapshot) {
        std::string text;
        dialect->encode_snapshot(*plan.snapshot, text);
        stream->add(text);
    }
    interaction->add_viewer({.stream = std::move(stream),
                             .dialect = std::move(dialect),
                             .after = plan.after,
                             .only = plan.run,
                             .end_seq = plan.end_seq,
                             .follow = plan.follow,
                             .superseded = std::move(plan.superseded)});
}

}  // namespace patchbay::engine
