#include "db/clock.hpp"
#include "store_fixture.hpp"

#include <atomic>
#include <thread>

namespace patchbay {
namespace {

using ConcurrencyTest = StoreTest;

// Readers follow a log by pages while it is written, folded and trimmed: what each reads is a
// prefix, without a gap, at every moment.
TEST_F(ConcurrencyTest, ReadersNeverSeeAGapWhileTheLogIsWrittenAndFolded) {
    open();
    const auto id = InteractionId::make();
    commit(Turn(id, 1).begin(true));
    std::atomic<bool> done{false};
    std::vector<std::jthread> readers;
    std::vector<std::vector<Event>> joined(3);
    for (auto& events : joined) {
        readers.emplace_back([&] {
            uint64_t after = 0;
            while (true) {
                const bool last = done;
                auto page = store->events(id, after, 50, 100'000, std::nullopt);
                ASSERT_TRUE(page) << page.error().message;
                ASSERT_TRUE(is_gapless(page->events, after + 1));
                after = page->read_to;
                const bool empty = page->events.empty();
                for (Event& event : page->events) events.push_back(std::move(event));
                if (last && empty) return;
            }
        });
    }

    for (uint32_t turn = 2; turn <= 40; ++turn) {
        Turn active(id, turn * 2);
        Turn queued(id, turn * 2 + 1);
        commit(active.begin(false));
        for (int i = 0; i < 10; ++i) commit(active.delta(std::string(300, 'x')));
        commit(queued.begin(false, RunStatus::queued));
        commit(active.delta("y"));
        commit(active.end(unix_ms()));
        commit(queued.end(unix_ms()));
    }
    done = true;
    readers.clear();

    for (const auto& events : joined) EXPECT_EQ(events.size(), 2u + 39 * 19);
    EXPECT_GT(segments(), 0u);
}

TEST_F(ConcurrencyTest, OtherWritesAndBackupsRunBesideTheLog) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    {
        std::vector<std::jthread> workers;
        workers.emplace_back([&] {
            for (int i = 0; i < 200; ++i) EXPECT_FALSE(commit(turn.delta("x"))->error);
        });
        workers.emplace_back([&] {
            for (int i = 0; i < 30; ++i) {
                const InteractionRecord record{.id = InteractionId::make(), .owner = "user:bob"};
                EXPECT_TRUE(store->insert_interaction(record));
                EXPECT_TRUE(store->update_interaction(record.id, "t", std::nullopt));
                if (i % 2) {
                    EXPECT_TRUE(store->delete_interaction(record.id));
                }
            }
        });
        workers.emplace_back([&] {
            for (int i = 0; i < 5; ++i) {
                EXPECT_TRUE(store->backup(folder / ("backup" + std::to_string(i))));
                EXPECT_TRUE(store->interactions("user:bob", 100, ""));
                EXPECT_TRUE(store->interaction(turn.run.interaction));
            }
        });
    }

    EXPECT_EQ(all_events(turn.run.interaction).size(), 202u);
    EXPECT_EQ(store->interactions("user:bob", 100, "")->items.size(), 15u);
}

}  // namespace
}  // namespace patchbay
