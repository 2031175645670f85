#include "store_fixture.hpp"

#include "db/clock.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace patchbay {

using namespace std::chrono_literals;

constexpr auto limit = 20s;

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "patchbay-db-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) ADD_FAILURE() << "no temporary folder";
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void Collector::on_commit(Batches batches) {
    const std::lock_guard lock(mutex_);
    ++calls_;
    for (auto& batch : batches) batches_.push_back(std::move(batch));
    arrived_.notify_all();
}

Collector::Batches Collector::wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, limit, [&] { return batches_.size() >= count; });
    return std::exchange(batches_, {});
}

size_t Collector::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

Event make_event(EventKind kind, std::string body) {
    Event event;
    event.kind = kind;
    event.created_at_ms = unix_ms();
    event.body = std::move(body);
    return event;
}

std::unique_ptr<Batch> Turn::of(std::vector<Event> events) const {
    auto batch = std::make_unique<Batch>();
    batch->interaction = run.interaction;
    batch->run = run.id;
    batch->events = std::move(events);
    return batch;
}

std::unique_ptr<Batch> Turn::begin(bool new_interaction, RunStatus status) {
    run.status = status;
    const auto first = status == RunStatus::queued ? EventKind::run_queued : EventKind::run_started;
    auto batch = of({make_event(EventKind::message_user, R"({"content":"hi"})"),
                     make_event(first, R"({"turn":1})")});
    if (new_interaction) {
        batch->projections.push_back(InsertInteraction{
            {.id = run.interaction, .owner = owner, .created_at_ms = 1000, .updated_at_ms = 1000}});
    }
    batch->projections.push_back(InsertRun{run});
    batch->projections.push_back(InsertMessage{{.id = MessageId::make(),
                                                .interaction = run.interaction,
                                                .run = run.id,
                                                .turn = run.turn,
                                                .role = "user",
                                                .content_json = R"([{"text":"hi"}])"},
                                               0});
    return batch;
}

std::unique_ptr<Batch> Turn::delta(const std::string& text) const {
    return of({make_event(EventKind::delta, text)});
}

std::unique_ptr<Batch> Turn::end(int64_t ended_at_ms, const std::string& text) {
    auto batch = of({make_event(EventKind::message_completed, R"({"content":")" + text + "\"}"),
                     make_event(EventKind::run_completed, "{}")});
    run.status = RunStatus::completed;
    run.ended_at_ms = ended_at_ms;
    batch->projections.push_back(UpdateRun{run});
    batch->projections.push_back(InsertMessage{{.id = MessageId::make(),
                                                .interaction = run.interaction,
                                                .run = run.id,
                                                .turn = run.turn,
                                                .role = "assistant",
                                                .content_json = text},
                                               0});
    return batch;
}

void StoreTest::open() {
    store.reset();
    auto opened = open_sqlite_store(options);
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
}

std::unique_ptr<Batch> StoreTest::commit(std::unique_ptr<Batch> batch) {
    Collector::Batches one;
    one.push_back(std::move(batch));
    auto back = commit_all(std::move(one));
    return back.empty() ? std::make_unique<Batch>() : std::move(back.front());
}

Collector::Batches StoreTest::commit_all(Collector::Batches batches) {
    const size_t count = batches.size();
    for (const auto& batch : batches) batch->sink = &sink;
    store->submit(std::move(batches));
    auto back = sink.wait_for(count);
    EXPECT_EQ(back.size(), count);
    return back;
}

Turn StoreTest::write_run(InteractionId interaction, uint32_t turn,
                          const std::vector<std::string>& deltas, int64_t ended_at_ms) {
    Turn written(interaction, turn);
    EXPECT_FALSE(commit(written.begin(turn == 1))->error);
    for (const std::string& text : deltas) EXPECT_FALSE(commit(written.delta(text))->error);
    EXPECT_FALSE(commit(written.end(ended_at_ms))->error);
    return written;
}

std::vector<Event> StoreTest::all_events(InteractionId interaction, uint64_t after) {
    auto page = store->events(interaction, after, 1'000'000, 1'000'000'000, std::nullopt);
    EXPECT_TRUE(page) << page.error().message;
    return page ? std::move(page->events) : std::vector<Event>{};
}

uint64_t StoreTest::segments() const {
    return static_cast<uint64_t>(
        query_number(options.data_dir + "/patchbay.db", "SELECT count(*) FROM segments"));
}

uint64_t StoreTest::journal_rows() const {
    return static_cast<uint64_t>(
        query_number(options.data_dir + "/patchbay.db", "SELECT count(*) FROM journal"));
}

testing::AssertionResult is_gapless(const std::vector<Event>& events, uint64_t first) {
    for (size_t i = 0; i < events.size(); ++i) {
        if (events[i].seq == first + i) continue;
        return testing::AssertionFailure()
               << "seq " << events[i].seq << " where " << first + i << " should be";
    }
    return testing::AssertionSuccess();
}

std::string text_of(const std::vector<Event>& events) {
    std::string text;
    for (const Event& event : events) {
        if (event.kind == EventKind::delta) text += event.body;
    }
    return text;
}

namespace {

struct Connection {
    explicit Connection(const std::string& path) {
        EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK) << path;
        sqlite3_busy_timeout(handle, 10'000);
    }
    ~Connection() { sqlite3_close(handle); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void execute(const std::string& sql) const {
        EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(handle);
    }

    sqlite3* handle = nullptr;
};

}  // namespace

struct HeldSnapshot::Held : Connection {
    using Connection::Connection;
};

HeldSnapshot::HeldSnapshot(const std::string& database) : held_(std::make_unique<Held>(database)) {
    held_->execute("BEGIN; SELECT count(*) FROM interactions");
}

HeldSnapshot::~HeldSnapshot() = default;

int64_t query_number(const std::string& database, const std::string& sql) {
    const Connection connection(database);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(connection.handle, sql.c_str(), -1, &statement, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(connection.handle);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

void execute(const std::string& database, const std::string& sql) {
    Connection(database).execute(sql);
}

}  // namespace patchbay
