#include "runtime/engine/engine.hpp"

#include "runtime/engine/payload.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>

namespace patchbay::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto lane_patience = 1s;  // with one that a plugin may hold

// Lanes that were asked to do something, and who waits for them.
class Round {
public:
    explicit Round(size_t lanes) : left_(lanes) {}

    void done() {
        const std::lock_guard lock(mutex_);
        if (--left_ == 0) all_.notify_all();
    }
    bool wait(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return all_.wait_for(lock, patience, [this] { return left_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable all_;
    size_t left_;
};

// `stored`: its row, which is there before its lane has heard of its first commit.
Engine::SeenRun seen(const Run* run, RunRecord stored) {
    if (!run || !run->has_begun()) return {std::move(stored)};
    return {run->committed_record(), run->committed_questions()};
}

}  // namespace

Engine::Engine(net::Lanes& lanes, net::Workers& workers, Store& store, const CurrentOffers& offers,
               EngineOptions options)
    : lanes_(lanes), services_{store, workers, offers, config::Current(std::move(options))} {
    for (size_t i = 0; i < lanes.size(); ++i) {
        shards_.push_back(std::make_unique<Shard>(lanes[i], services_));
    }
}

Engine::~Engine() = default;

net::Lane& Engine::home_of(const InteractionId& id) { return lanes_.home_of(id.hash()); }

Shard& Engine::shard_of(const InteractionId& id) { return *shards_[home_of(id).index()]; }

// ---- single things ----

// The row from the store, and what is newer on the lane.
void Engine::look_up(const InteractionId& id, const std::string& owner,
                     std::move_only_function<void(Result<InteractionRecord>)> done) {
    auto record = services_.store.interaction(id);
    if (!record) return done(std::unexpected(missing_or(no_such_interaction(), record.error())));
    if (record->owner != owner) return done(std::unexpected(no_such_interaction()));
    Shard& shard = shard_of(id);
    shard.lane().post([&shard, record = std::move(*record), done = std::move(done)]() mutable {
        if (Interaction* used = shard.find(record.id)) {
            used->note_compaction(record.compacted_to);
            record = used->record();
        }
        done(std::move(record));
    });
}

void Engine::with_run(const RunId& id, const std::string& owner, OnRun done, OnLiveRun live) {
    auto record = services_.store.run(id);
    if (!record) return done(std::unexpected(missing_or(no_such_run(), record.error())));
    const auto interaction = services_.store.interaction(record->interaction);
    if (!interaction) {
        return done(std::unexpected(missing_or(no_such_run(), interaction.error())));
    }
    const bool ours = owner.empty() || interaction->owner == owner;
    if (!ours) return done(std::unexpected(no_such_run()));
    if (!is_open(record->status)) return done(SeenRun{std::move(*record)});
    Shard& shard = shard_of(record->interaction);
    shard.lane().post([&shard, record = std::move(*record), done = std::move(done),
                       live = std::move(live)]() mutable {
        Interaction* found = shard.find(record.interaction);
        Run* run = found ? found->find_run(record.id) : nullptr;
        if (run != nullptr) return live(*run, std::move(record), std::move(done));
        shard.read([id = record.id](Store& store) { return store.run(id); },  // it has just ended
                   [done = std::move(done)](Result<RunRecord> ended) mutable {
                       if (!ended) return done(std::unexpected(ended.error()));
                       done(SeenRun{std::move(*ended)});
                   });
    });
}

void Engine::look_up_run(const RunId& id, const std::string& owner, std::chrono::milliseconds wait,
                         OnRun done) {
    with_run(id, owner, std::move(done),
             [this, wait](Run& run, RunRecord stored, OnRun told) mutable {
                 if (wait == 0ms)
                     return run.when_recovered(
                         [&run, stored = std::move(stored), told = std::move(told)]() mutable {
                             told(seen(&run, std::move(stored)));
                         });
                 wait_for_run(run, std::move(stored), wait, std::move(told));
             });
}

void Engine::cancel_run(const RunId& id, const std::string& owner, CancelledBy by, OnRun done) {
    with_run(id, owner, std::move(done),
             [this, by](Run& run, RunRecord stored, OnRun told) mutable {
                 run.cancel(by);
                 wait_for_run(run, std::move(stored), 10s, std::move(told));
             });
}

void Engine::answer_question(const RunId& id, const std::string& owner, std::string request_id,
                             plugins::Decision decision, OnRun done) {
    const auto is_live = std::make_shared<bool>(false);
    auto answer = [is_live, request_id = std::move(request_id), decision = std::move(decision)](
                      Run& run, RunRecord stored, OnRun told) mutable {
        *is_live = true;
        auto answered = [&run, stored = std::move(stored),
                         told = std::move(told)](Result<void> result) mutable {
            if (!result) return told(std::unexpected(result.error()));
            told(seen(&run, std::move(stored)));
        };
        run.when_recovered([&run, request_id = std::move(request_id),
                            decision = std::move(decision),
                            answered = std::move(answered)]() mutable {
            run.answer(request_id, std::move(decision), std::move(answered));
        });
    };
    auto told = [is_live, done = std::move(done)](Result<SeenRun> run) mutable {
        if (run && !*is_live) {
            return done(std::unexpected(Error{
                .code = ErrorCode::conflict, .message = "This run has ended.", .user_safe = true}));
        }
        done(std::move(run));
    };
    with_run(id, owner, std::move(told), std::move(answer));
}

// One of the two comes first, the end or the timer, and takes the callback away from the other.
void Engine::wait_for_run(Run& run, RunRecord stored, std::chrono::milliseconds wait, OnRun done) {
    struct Wait {
        OnRun done;
        net::TimerId timer = 0;
    };
    Shard& shard = run.interaction().shard();
    const uint64_t waiter = next_waiter_++;
    auto waiting = std::make_shared<Wait>(Wait{std::move(done)});
    waiting->timer =
        shard.loop().after(wait, [&shard, waiting, waiter, stored = std::move(stored)]() mutable {
            Interaction* found = shard.find(stored.interaction);
            Run* live = found ? found->find_run(stored.id) : nullptr;
            if (live != nullptr) live->forget_waiter(waiter);
            waiting->done(seen(live, std::move(stored)));
        });
    run.when_ended(waiter, [&shard, waiting, &run] {
        shard.loop().cancel(waiting->timer);
        waiting->done(seen(&run, {}));
    });
}

// The store first; then what is in use on the lane, whose last_seq is the true one.
void Engine::update(const InteractionId& id, std::optional<std::string> title,
                    std::optional<std::string> metadata_json,
                    std::move_only_function<void(Result<InteractionRecord>)> done) {
    auto updated =
        services_.store.update_interaction(id, std::move(title), std::move(metadata_json));
    if (!updated) return done(std::move(updated));
    Shard& shard = shard_of(id);
    shard.lane().post([&shard, record = std::move(*updated), done = std::move(done)]() mutable {
        if (Interaction* used = shard.find(record.id)) {
            used->record().title = record.title;
            used->record().metadata_json = record.metadata_json;
            record = used->record();
        }
        done(std::move(record));
    });
}

void Engine::wait_for_lanes() {
    on_all_lanes([](Shard&) {}, std::chrono::hours(24));
}

bool Engine::on_all_lanes(const std::function<void(Shard&)>& visit,
                          std::chrono::milliseconds patience) {
    const auto round = std::make_shared<Round>(shards_.size());
    for (auto& shard : shards_) {
        shard->lane().post([&shard, visit, round] {
            visit(*shard);
            round->done();
        });
    }
    return round->wait(patience);
}

std::vector<StreamInfo> Engine::streams() {
    struct Found {
        std::mutex mutex;
        std::vector<StreamInfo> infos;
    };
    const auto found = std::make_shared<Found>();
    on_all_lanes(
        [found](Shard& shard) {
            std::vector<StreamInfo> infos;
            for (auto* interaction : shard.all()) interaction->list_runs(infos);
            const std::lock_guard lock(found->mutex);
            std::ranges::move(infos, std::back_inserter(found->infos));
        },
        lane_patience);
    const std::lock_guard lock(found->mutex);  // a lane that was held may come yet
    return std::move(found->infos);
}

void Engine::remove(const InteractionId& id, const std::string& owner,
                    std::move_only_function<void(Result<void>)> done) {
    Shard& shard = shard_of(id);
    auto erase = [&shard, id, done = std::move(done)](Result<Interaction*> found) mutable {
        if (!found) return done(std::unexpected(found.error()));
        Interaction& interaction = **found;
        interaction.pin();
        interaction.cancel_all(
            CancelledBy::client, [&shard, &interaction, id, done = std::move(done)]() mutable {
                shard.read([id](Store& store) { return store.delete_interaction(id); },
                           [&interaction, done = std::move(done)](Result<void> deleted) mutable {
                               interaction.removed(deleted.has_value());
                               interaction.unpin();
                               done(std::move(deleted));
                           });
            });
    };
    shard.lane().post([&shard, id, owner, erase = std::move(erase)]() mutable {
        shard.with_interaction(id, owner, std::move(erase));
    });
}

// ---- start and stop ----

Result<void> Engine::recover() {
    auto open = services_.store.open_runs();
    if (!open) return std::unexpected(open.error());
    std::map<InteractionId, std::vector<OpenRun>> by_interaction;
    for (auto& run : *open) by_interaction[run.interaction.id].push_back(std::move(run));
    for (auto& [id, runs] : by_interaction) {
        home_of(id).post([this, runs = std::move(runs)] { adopt(runs); });
    }
    if (!open->empty()) spdlog::info("{} runs were open and go on", open->size());
    return {};
}

void Engine::adopt(const std::vector<OpenRun>& runs) {
    const auto& record = runs.front().interaction;
    Interaction& interaction = shard_of(record.id).make(record, {}, true);
    for (const auto& open : runs) {
        auto request = parse_run_request(open.run.request_json).value_or(RunRequest{});
        auto choice = choice_of(open.run, request);
        interaction.adopt(open.run, std::move(request), std::move(choice));
    }
    interaction.recover();
}

// What is not there any more is left empty: the run says so when it needs it.
TurnChoice Engine::choice_of(const RunRecord& record, const RunRequest& request) const {
    const auto now = offers();
    auto model = now->models.resolve(record.provider + "/" + record.model);
    if (!model) model = now->models.resolve(request.model);
    return {now->agents.resolve(record.agent).value_or(nullptr), model.value_or(ModelChoice{})};
}

void Engine::drain(std::chrono::milliseconds patience) {
    services_.draining = true;
    const Error stopping{.code = ErrorCode::unavailable,
                         .message = "The server is stopping.",
                         .retryable = true,
                         .user_safe = true};
    on_all_lanes(
        [stopping](Shard& shard) {
            for (auto* interaction : shard.all()) interaction->end_viewers(&stopping, true);
        },
        lane_patience);
    if (wait_for_runs(patience)) return;
    on_all_lanes(
        [](Shard& shard) {
            for (auto* interaction : shard.all())
                interaction->interrupt_runs("The server stopped.");
        },
        lane_patience);
    wait_for_runs(2s);
}

// True when no run is running any more; queued ones stay queued. What runs on a lane that is held
// is not known: it is waited for, too.
bool Engine::wait_for_runs(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        const auto running = std::make_shared<std::atomic<size_t>>(0);
        const bool all = on_all_lanes(
            [running](Shard& shard) {
                for (auto* interaction : shard.all()) *running += interaction->is_running();
            },
            lane_patience);
        if (all && *running == 0) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(10ms);  // a poll: draining is not the hot path
    }
}

void Engine::stop_viewers() {
    on_all_lanes(
        [](Shard& shard) {
            for (auto* interaction : shard.all()) interaction->let_go();
        },
        lane_patience);
}

}  // namespace patchbay::engine
