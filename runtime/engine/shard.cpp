#include "runtime/engine/shard.hpp"

#include <algorithm>

namespace patchbay::engine {
namespace {

constexpr size_t kept_batches = 1024;  // spare ones; each less than 1 KiB
constexpr size_t kept_batch_events = 4;

}  // namespace

Shard::Shard(net::Lane& lane, Services& services) : lane_(lane), services_(services) {
    lane_.loop().after_each_turn([this] { after_turn(); });
}

Shard::~Shard() = default;

// ---- interactions ----

Interaction* Shard::find(const InteractionId& id) {
    const auto found = interactions_.find(id);
    return found == interactions_.end() ? nullptr : found->second.get();
}

Interaction& Shard::make(InteractionRecord record, MessageId last_message, bool persisted) {
    const auto id = record.id;
    auto made = std::make_unique<Interaction>(*this, std::move(record), last_message, persisted);
    return *(interactions_[id] = std::move(made));
}

std::vector<Interaction*> Shard::all() {
    std::vector<Interaction*> list;
    for (auto& [id, interaction] : interactions_) list.push_back(interaction.get());
    return list;
}

void Shard::with_interaction(const InteractionId& id, const std::string& owner,
                             OnInteraction done) {
    auto checked = [owner, done = std::move(done)](Result<Interaction*> found) mutable {
        if (!found) return done(std::move(found));
        if (!owner.empty() && (*found)->record().owner != owner) {
            return done(failure(ErrorCode::not_found, "No such interaction."));
        }
        (*found)->pin();
        done(*found);
        (*found)->unpin();
    };
    if (Interaction* found = find(id)) return checked(found);
    auto& waiting = loading_[id];
    waiting.push_back(std::move(checked));
    if (waiting.size() > 1) return;
    using Loaded = std::pair<Result<InteractionRecord>, MessageId>;
    auto read_record = [id](Store& store) -> Loaded {
        auto record = store.interaction(id);
        if (!record) return {std::move(record), {}};
        const auto last = store.recent_messages(id, UINT32_MAX, 1, SIZE_MAX);
        if (!last) return {std::unexpected(last.error()), {}};
        return {std::move(record), last->empty() ? MessageId{} : last->back().id};
    };
    read(std::move(read_record),
         [this, id](Loaded loaded) { finish_load(id, std::move(loaded.first), loaded.second); });
}

void Shard::refuse(const TurnRequest& request, TurnRefused refused,
                   std::move_only_function<void(TurnResult)> done) {
    if (request.idempotency_key.empty()) return done(std::unexpected(std::move(refused)));
    auto look = [owner = request.owner, key = request.idempotency_key](Store& store) {
        return store.find_idempotent(owner, key);
    };
    read(std::move(look), [sha = request.request_sha256, refused = std::move(refused),
                           done = std::move(done)](auto found) mutable {
        if (!found) return done(std::unexpected(TurnRefused{found.error(), {}, 0}));
        done(*found ? started_before(**found, sha) : std::unexpected(std::move(refused)));
    });
}

void Shard::finish_load(const InteractionId& id, Result<InteractionRecord> record,
                        MessageId last_message) {
    auto waiting = std::move(loading_[id]);
    loading_.erase(id);
    Interaction* found = find(id);
    if (found == nullptr && record) found = &make(std::move(*record), last_message, true);
    for (auto& done : waiting) {
        if (found != nullptr) {
            done(found);
        } else {
            // In the words that another owner's has, too: nobody learns which ids exist.
            const bool none = record.error().code == ErrorCode::not_found;
            done(none ? failure(ErrorCode::not_found, "No such interaction.")
                      : std::unexpected(record.error()));
        }
    }
    if (found != nullptr) mark_for_sweep(*found);
}

// ---- to the store and back ----

void Shard::mark_dirty(Run& run) {
    if (!std::exchange(run.dirty, true)) dirty_.push_back(&run);
}

void Shard::forget_dirty(Run& run) {
    if (run.dirty) std::erase(dirty_, &run);
}

std::unique_ptr<Batch> Shard::empty_batch() {
    if (spare_batches_.empty()) return std::make_unique<Batch>();
    auto batch = std::move(spare_batches_.back());
    spare_batches_.pop_back();
    return batch;
}

// A token's batch is much like the next one's; any other is not worth keeping.
void Shard::keep(std::unique_ptr<Batch> batch) {
    const bool ordinary = !batch->error && !batch->duplicate_of && batch->projections.empty() &&
                          batch->events.size() <= kept_batch_events;
    if (!ordinary || spare_batches_.size() >= kept_batches) return;
    batch->events.clear();
    spare_batches_.push_back(std::move(batch));
}

void Shard::submit(Run& run, RunOutput& output) {
    auto batch = empty_batch();
    output.take(*batch);
    batch->sink = this;
    batch->context = &run;
    outbox_.push_back(std::move(batch));
}

void Shard::on_commit(std::vector<std::unique_ptr<Batch>> batches) {
    lane_.post([this, batches = std::move(batches)]() mutable {
        for (auto& batch : batches) {
            Run& run = *static_cast<Run*>(batch->context);
            run.interaction().on_commit(run, *batch);
            keep(std::move(batch));
        }
    });
}

void Shard::after_turn() {
    flushing_.swap(dirty_);  // a flush may mark another one
    for (auto* run : flushing_) {
        run->dirty = false;
        run->flush();
    }
    flushing_.clear();
    if (!outbox_.empty()) services_.store.submit(std::exchange(outbox_, {}));
    if (!sweep_.empty()) sweep();
}

void Shard::mark_for_sweep(Interaction& interaction) { sweep_.push_back(interaction.id()); }

void Shard::sweep() {
    for (const auto& id : std::exchange(sweep_, {})) {
        Interaction* interaction = find(id);
        if (interaction == nullptr) continue;
        interaction->sweep();
        if (interaction->idle()) interactions_.erase(id);
    }
}

void Shard::run_is_gone() { counters().active_runs.fetch_sub(1); }

}  // namespace patchbay::engine
