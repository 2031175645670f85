// What the log costs: from a batch's submission to its commit, and per event when many come at
// once.
#include "db/store.hpp"

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace patchbay;

// A store in a folder of its own on a disk (/var/tmp), with one run that is open.
class OpenRuns : public CommitSink {
public:
    explicit OpenRuns(size_t count, bool power_loss = false) {
        if (mkdtemp(folder_.data()) == nullptr) return;
        auto opened = open_sqlite_store({.data_dir = folder_,
                                         .power_loss = power_loss,
                                         .gather = std::chrono::microseconds(0)});
        if (!opened) return;
        store_ = std::move(*opened);
        std::vector<std::unique_ptr<Batch>> begins;
        for (size_t i = 0; i < count; ++i) begins.push_back(begin());
        commit(std::move(begins));
    }
    ~OpenRuns() override {
        if (store_) store_->close();
        store_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    OpenRuns(const OpenRuns&) = delete;
    OpenRuns& operator=(const OpenRuns&) = delete;

    bool works() const { return store_ != nullptr && failed_ == 0; }

    // One token of each run, in one commit.
    void commit_tokens(const std::string& text) {
        std::vector<std::unique_ptr<Batch>> batches;
        for (const auto& [interaction, run] : runs_) {
            auto batch = std::make_unique<Batch>();
            batch->interaction = interaction;
            batch->run = run;
            batch->events.push_back({.created_at_ms = 1'795'000'000'123, .body = text});
            batches.push_back(std::move(batch));
        }
        commit(std::move(batches));
    }

private:
    std::unique_ptr<Batch> begin() {
        auto batch = std::make_unique<Batch>();
        const auto [interaction, run] = runs_.emplace_back(InteractionId::make(), RunId::make());
        batch->interaction = interaction;
        batch->run = run;
        batch->events.push_back({.kind = EventKind::run_started, .body = "{}"});
        batch->projections.push_back(InsertInteraction{{.id = interaction, .owner = "user:bench"}});
        batch->projections.push_back(InsertRun{
            {.id = run, .interaction = interaction, .turn = 1, .status = RunStatus::running}});
        return batch;
    }

    void commit(std::vector<std::unique_ptr<Batch>> batches) {
        if (!store_) return;
        const size_t count = batches.size();
        for (auto& batch : batches) batch->sink = this;
        store_->submit(std::move(batches));
        std::unique_lock lock(mutex_);
        back_.wait(lock, [&] { return came_back_ >= count; });
        came_back_ = 0;
    }

    void on_commit(std::vector<std::unique_ptr<Batch>> batches) override {
        const std::lock_guard lock(mutex_);
        came_back_ += batches.size();
        for (const auto& batch : batches) failed_ += batch->error ? 1 : 0;
        back_.notify_one();
    }

    std::string folder_ = "/var/tmp/patchbay-bench-XXXXXX";
    std::vector<std::pair<InteractionId, RunId>> runs_;
    std::mutex mutex_;
    std::condition_variable back_;
    size_t came_back_ = 0;
    size_t failed_ = 0;
    std::unique_ptr<Store> store_;  // last: its threads call on_commit()
};

void append(benchmark::State& state, bool power_loss) {
    OpenRuns runs(static_cast<size_t>(state.range(0)), power_loss);
    for (auto _ : state) runs.commit_tokens(" token");
    if (!runs.works()) state.SkipWithError("the store failed");
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}

void log_append_of_runs(benchmark::State& state) { append(state, false); }
BENCHMARK(log_append_of_runs)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();

void log_append_synced(benchmark::State& state) { append(state, true); }
BENCHMARK(log_append_synced)->Arg(1)->Arg(100)->UseRealTime();

}  // namespace
