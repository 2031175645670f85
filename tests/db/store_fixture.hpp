// What the store's tests share: a folder, a store in it, batches as an engine makes them, and a
// sink that waits for them.
#pragma once

#include "db/store.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay {

// A folder that is removed with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// Keeps the batches that come back, in order.
class Collector : public CommitSink {
public:
    using Batches = std::vector<std::unique_ptr<Batch>>;

    void on_commit(Batches batches) override;

    // All batches since the last call, once there are `count`; fewer after 20 s.
    Batches wait_for(size_t count);
    size_t calls() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    Batches batches_;
    size_t calls_ = 0;
};

// True as soon as `condition` is; false after 20 s.
bool eventually(const std::function<bool()>& condition);

Event make_event(EventKind kind, std::string body);

// Runs of one interaction, as an engine would write them.
class Turn {
public:
    Turn(InteractionId interaction, uint32_t turn) {
        run.id = RunId::make();
        run.interaction = interaction;
        run.turn = turn;
        run.status = RunStatus::running;
        run.started_at_ms = 1000;
    }

    std::unique_ptr<Batch> begin(bool new_interaction, RunStatus status = RunStatus::running);
    std::unique_ptr<Batch> delta(const std::string& text) const;
    std::unique_ptr<Batch> of(std::vector<Event> events) const;
    std::unique_ptr<Batch> end(int64_t ended_at_ms, const std::string& text = "the answer");

    RunRecord run;
    std::string owner = "user:alice";
};

class StoreTest : public testing::Test {
protected:
    // Opens the store in `folder`, after closing the one before; fails the test when it cannot.
    void open();
    void close() { store.reset(); }

    // Commits one batch and returns it.
    std::unique_ptr<Batch> commit(std::unique_ptr<Batch> batch);
    Collector::Batches commit_all(Collector::Batches batches);

    // A whole run: begin, a delta for each text, end.
    Turn write_run(InteractionId interaction, uint32_t turn, const std::vector<std::string>& deltas,
                   int64_t ended_at_ms);

    std::vector<Event> all_events(InteractionId interaction, uint64_t after = 0);
    uint64_t segments() const;  // rows, read beside the store
    uint64_t journal_rows() const;

    TemporaryFolder folder;
    StoreOptions options{.data_dir = folder / "data"};
    Collector sink;  // outlives the store
    std::unique_ptr<Store> store;
};

// 1, 2, 3… from `first`, without a gap.
testing::AssertionResult is_gapless(const std::vector<Event>& events, uint64_t first = 1);

std::string text_of(const std::vector<Event>& events);  // of the deltas, joined

// The first column of the first row, through a connection of the test's own.
int64_t query_number(const std::string& database, const std::string& sql);
void execute(const std::string& database, const std::string& sql);

// While it lives, the log of the database does not start over, so that its files can be copied one
// after the other.
class HeldSnapshot {
public:
    explicit HeldSnapshot(const std::string& database);
    ~HeldSnapshot();
    HeldSnapshot(const HeldSnapshot&) = delete;
    HeldSnapshot& operator=(const HeldSnapshot&) = delete;

private:
    struct Held;
    std::unique_ptr<Held> held_;
};

}  // namespace patchbay
