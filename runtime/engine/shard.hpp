// The part of the engine that lives on one lane: the interactions that are in use there, and the
// road from them to the store and back.
//
// Threads    [lane] but for on_commit(), which the writer's thread calls.
#pragma once

#include "db/store.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/offers.hpp"
#include "runtime/engine/turn.hpp"
#include "runtime/net/lane.hpp"
#include "runtime/net/workers.hpp"
#include "runtime/observe/span.hpp"

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

namespace patchbay::engine {

struct EngineCounters {
    std::atomic<uint64_t> active_runs{0};  // open ones, queued included
    std::atomic<uint64_t> viewers{0};
    std::atomic<uint64_t> runs_started{0};
    std::atomic<uint64_t> runs_recovered{0};
    std::atomic<uint64_t> runs_ended{0};
};

// What all shards share. Owned by the engine.
struct Services {
    Store& store;
    net::Workers& workers;
    const CurrentOffers& offers;
    config::Current<EngineOptions> options;
    EngineCounters counters;
    std::atomic<bool> draining{false};
    observe::SpanSink* spans = nullptr;  // nullptr: nobody wants them
};

class Shard final : public CommitSink {
public:
    Shard(net::Lane& lane, Services& services);
    ~Shard() override;

    net::Lane& lane() { return lane_; }
    net::EventLoop& loop() { return lane_.loop(); }
    int64_t unix_ms() { return lane_.loop().unix_ms(); }
    std::shared_ptr<const EngineOptions> options() const { return services_.options.get(); }
    EngineCounters& counters() { return services_.counters; }
    std::shared_ptr<const Offers> offers() const { return services_.offers.get(); }
    observe::SpanSink* spans() { return services_.spans; }
    bool draining() const { return services_.draining.load(std::memory_order_relaxed); }

    // ---- interactions ----

    Interaction* find(const InteractionId& id);  // nullptr = not in use here

    // The interaction, read from the store when it is not in use; not_found also when `owner` is
    // not its owner ("" = do not ask). Pinned during the callback.
    using OnInteraction = std::move_only_function<void(Result<Interaction*>)>;
    void with_interaction(const InteractionId& id, const std::string& owner, OnInteraction done);

    // Refuses a turn, unless its idempotency key names a run: a repeated request must find that
    // even where a new one would be refused.
    void refuse(const TurnRequest& request, TurnRefused refused,
                std::move_only_function<void(TurnResult)> done);

    Interaction& make(InteractionRecord record, MessageId last_message, bool persisted);
    std::vector<Interaction*> all();

    // ---- to the store and back ----

    // Runs `read(store)` on a worker, then `done(result)` here. `done` may hold pointers to what is
    // pinned. When no worker takes it any more, `done` is dropped: the server is stopping.
    template <class Read, class Done>
    void read(Read read, Done done) {
        auto task = [this, read = std::move(read), done = std::move(done)]() mutable {
            lane_.post([result = read(services_.store), done = std::move(done)]() mutable {
                done(std::move(result));
            });
        };
        (void)services_.workers.post_anyway(std::move(task));
    }

    // The same for a run, which may be gone when the result comes: then `done` is not called.
    template <class Read, class Done>
    void read_for_run(Run& run, Read read, Done done) {
        Interaction& interaction = run.interaction();
        interaction.pin();
        this->read(std::move(read),
                   [&interaction, id = run.id(), done = std::move(done)](auto result) mutable {
                       if (Run* found = interaction.find_run(id)) done(*found, std::move(result));
                       interaction.unpin();
                   });
    }

    void mark_dirty(Run& run);  // its output goes to the writer at the end of this turn
    void forget_dirty(Run& run);
    void submit(Run& run, RunOutput& output);
    void on_commit(std::vector<std::unique_ptr<Batch>> batches) override;

    void mark_for_sweep(Interaction& interaction);
    void run_is_gone();

private:
    void after_turn();
    std::unique_ptr<Batch> empty_batch();  // one that was used before, if there is
    void keep(std::unique_ptr<Batch> batch);
    void sweep();
    void finish_load(const InteractionId& id, Result<InteractionRecord> record,
                     MessageId last_message);

    net::Lane& lane_;
    Services& services_;
    std::unordered_map<InteractionId, std::unique_ptr<Interaction>> interactions_;
    std::unordered_map<InteractionId, std::vector<OnInteraction>> loading_;
    std::vector<Run*> dirty_;
    std::vector<Run*> flushing_;  // scratch
    std::vector<std::unique_ptr<Batch>> outbox_;
    std::vector<std::unique_ptr<Batch>> spare_batches_;
    std::vector<InteractionId> sweep_;
};

}  // namespace patchbay::engine
