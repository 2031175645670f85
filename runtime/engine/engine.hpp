// The engine: turns go in, runs answer them, viewers watch. One shard a lane; every interaction has
// its home lane.
//
// Life       borrows lanes, workers, store and models; destroyed after the lanes have stopped.
// Threads    as each function says. [home lane] is home_of(interaction).
#pragma once

#include "runtime/engine/shard.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

// A wish to watch.
struct ViewRequest {
    InteractionId interaction;
    std::string owner;
    uint64_t after = 0;
    std::optional<RunId> run;
    bool follow = false;
    bool snapshot = false;    // ask for one even where nothing is missing
    bool can_replace = true;  // the dialect's; without it a snapshot cannot be shown
};

// What a viewer will get.
struct ViewPlan {
    bool nothing_more = false;  // 204: all is shown and nothing is active
    uint64_t after = 0;
    std::optional<RunId> run;
    uint64_t end_seq = 0;
    bool follow = false;
    std::vector<SeqRange> superseded;
    std::optional<Snapshot> snapshot;
};

// What callers hear of what is not there, or not theirs: who may not see it learns nothing more.
inline Error no_such_run() { return {.code = ErrorCode::not_found, .message = "No such run."}; }
inline Error no_such_interaction() {
    return {.code = ErrorCode::not_found, .message = "No such interaction."};
}

// `missing` for what is not there. What could not be read may well be there: then it is `why`.
inline Error missing_or(const Error& missing, const Error& why) {
    return why.code == ErrorCode::not_found ? missing : why;
}

class Engine {
public:
    Engine(net::Lanes& lanes, net::Workers& workers, Store& store, const CurrentOffers& offers,
           EngineOptions options);
    ~Engine();

    // Runs that have begun go on by the options they began with. [any-thread]
    std::shared_ptr<const EngineOptions> options() const { return services_.options.get(); }
    void set_options(EngineOptions options) { services_.options.set(std::move(options)); }
    // Where the runs' spans go; outlives the engine. Before the lanes start.
    void set_spans(observe::SpanSink& spans) { services_.spans = &spans; }
    EngineCounters& counters() { return services_.counters; }
    std::shared_ptr<const Offers> offers() const { return services_.offers.get(); }
    Store& store() { return services_.store; }
    net::Workers& workers() { return services_.workers; }

    net::Lane& home_of(const InteractionId& id);  // [any-thread]

    // Takes over the runs that were open when the store was last closed or killed. Before the
    // lanes' first request. [control]
    Result<void> recover();

    // Returns when the lanes, which have started, have taken over what recover() has for them.
    // [control]
    void wait_for_lanes();

    // Begins a turn; `done` hears on the home lane when the user's message is committed, or why it
    // was refused: not_found, model_not_found, bad_request (agent), conflict, precondition_failed,
    // queue_full, idempotency_mismatch, storage, unavailable. [home lane]
    void begin_turn(TurnRequest request, Interaction::Done done);

    // Says what a viewer will get: not_found (also another owner's), out_of_range (after lies
    // beyond the log). [home lane]
    using OnPlan = std::move_only_function<void(Result<ViewPlan>)>;
    void plan_view(ViewRequest request, OnPlan done);

    // Attaches a viewer whose head is sent. [home lane]
    void attach(const InteractionId& id, ViewPlan plan, std::unique_ptr<net::EventStream> stream,
                std::unique_ptr<Dialect> dialect);

    // The interaction with its last_seq as of now; not_found. `done` on the home lane. [worker]
    void look_up(const InteractionId& id, const std::string& owner,
                 std::move_only_function<void(Result<InteractionRecord>)> done);

    // A run as the log has it now: nothing that a crash could take back.
    struct SeenRun {
        RunRecord record;
        std::string questions_json = "[]";  // those that people may answer: see run.waiting
    };

    // The run once it has ended, or after `wait`, whichever is first. `owner`: "" = anybody's.
    // `done` on the home lane of its interaction, or on a worker. [worker]
    using OnRun = std::move_only_function<void(Result<SeenRun>)>;
    void look_up_run(const RunId& id, const std::string& owner, std::chrono::milliseconds wait,
                     OnRun done);

    // Ends the run, when it has not ended; `done` hears when the outcome is committed. Idempotent.
    // [worker]
    void cancel_run(const RunId& id, const std::string& owner, CancelledBy by, OnRun done);

    // A person's answer to a question of a waiting run: not_found, unprocessable, conflict (the run
    // has ended). `done` hears when it is committed. [worker]
    void answer_question(const RunId& id, const std::string& owner, std::string request_id,
                         plugins::Decision decision, OnRun done);

    // Changes the title or the metadata. `done` on the home lane. [worker]
    void update(const InteractionId& id, std::optional<std::string> title,
                std::optional<std::string> metadata_json,
                std::move_only_function<void(Result<InteractionRecord>)> done);

    // All runs that are open now, but for those on a lane that a plugin has held for a second.
    // [worker]
    std::vector<StreamInfo> streams();

    // Cancels what is active, then removes the interaction and all that hangs on it. [worker]
    void remove(const InteractionId& id, const std::string& owner,
                std::move_only_function<void(Result<void>)> done);

    // New turns are refused from now on; runs get `patience`, then they are interrupted; returns
    // when all outcomes are committed, or 2 s later. [control]
    void drain(std::chrono::milliseconds patience);
    bool draining() const { return services_.draining; }
    void stop_viewers();  // what is left of them; before the lanes stop. [control]

private:
    using OnLiveRun = std::move_only_function<void(Run&, RunRecord stored, OnRun)>;

    Shard& shard_of(const InteractionId& id);
    void begin_on(Interaction& interaction, TurnRequest request, Interaction::Done done);
    void ask_middleware(Interaction& interaction, std::unique_ptr<MiddlewareChain> chain,
                        std::vector<plugins::InstanceRef> instances, TurnRequest request,
                        Interaction::Done done);
    void go_on_with(Interaction& interaction, Result<std::unique_ptr<MiddlewareChain>> chain,
                    TurnRequest request, Interaction::Done done);
    void read_for_plan(Interaction& interaction, ViewRequest request, OnPlan done);
    void finish_plan(Interaction& interaction, ViewRequest request,
                     const std::optional<RunRecord>& run, OnPlan done);
    void add_snapshot(Interaction& interaction, ViewPlan plan, OnPlan done);
    void with_run(const RunId& id, const std::string& owner, OnRun done, OnLiveRun live);
    void wait_for_run(Run& run, RunRecord stored, std::chrono::milliseconds wait, OnRun done);
    void adopt(const std::vector<OpenRun>& runs);
    TurnChoice choice_of(const RunRecord& record, const RunRequest& request) const;
    // Each lane runs `visit` when it comes to it, which may be never, or after this has returned.
    // False when some have not come to it within the time.
    bool on_all_lanes(const std::function<void(Shard&)>& visit, std::chrono::milliseconds patience);
    bool wait_for_runs(std::chrono::milliseconds patience);

    net::Lanes& lanes_;
    Services services_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::atomic<uint64_t> next_waiter_{1};
};

}  // namespace patchbay::engine
