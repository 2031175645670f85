#include "db/clock.hpp"
#include "store_fixture.hpp"

namespace patchbay {
namespace {

class IdempotencyTest : public StoreTest {
protected:
    // A turn that claims `key`, at this time.
    std::unique_ptr<Batch> claim(Turn& turn, const std::string& key, int64_t at_ms) {
        auto batch = turn.begin(true);
        for (Event& event : batch->events) event.created_at_ms = at_ms;
        batch->projections.push_back(ClaimIdempotencyKey{turn.owner, key, sha});
        return batch;
    }

    const std::string sha = std::string(31, 's') + '\0';
};

TEST_F(IdempotencyTest, SecondClaimNamesTheRunOfTheFirst) {
    open();
    Turn first(InteractionId::make(), 1);
    Turn second(InteractionId::make(), 1);
    commit(claim(first, "key", unix_ms()));

    const auto refused = commit(claim(second, "key", unix_ms()));

    ASSERT_TRUE(refused->error);
    EXPECT_EQ(refused->error->code, ErrorCode::conflict);
    ASSERT_TRUE(refused->duplicate_of);
    EXPECT_EQ(refused->duplicate_of->run, first.run.id);
    EXPECT_EQ(refused->duplicate_of->interaction, first.run.interaction);
    EXPECT_EQ(refused->duplicate_of->request_sha256, sha);
    EXPECT_EQ(store->interaction(second.run.interaction).error().code, ErrorCode::not_found);
}

TEST_F(IdempotencyTest, ClaimsInTheSameGroupMakeOneRun) {
    open();
    std::vector<Turn> turns;
    Collector::Batches group;
    for (int i = 0; i < 10; ++i) {
        turns.emplace_back(InteractionId::make(), 1);
        group.push_back(claim(turns.back(), "key", unix_ms()));
    }

    const auto back = commit_all(std::move(group));

    EXPECT_FALSE(back[0]->error);
    for (size_t i = 1; i < back.size(); ++i) {
        ASSERT_TRUE(back[i]->duplicate_of);
        EXPECT_EQ(back[i]->duplicate_of->run, turns[0].run.id);
    }
    EXPECT_EQ(store->interactions("user:alice", 100, "")->items.size(), 1u);
}

TEST_F(IdempotencyTest, OwnersDoNotShareKeys) {
    open();
    Turn alice(InteractionId::make(), 1);
    Turn bob(InteractionId::make(), 1);
    bob.owner = "user:bob";
    commit(claim(alice, "key", unix_ms()));

    EXPECT_FALSE(commit(claim(bob, "key", unix_ms()))->error);
}

TEST_F(IdempotencyTest, KeyOlderThanADayIsUnused) {
    open();
    const int64_t day_ms = 24LL * 3600 * 1000;
    Turn old(InteractionId::make(), 1);
    Turn young(InteractionId::make(), 1);
    commit(claim(old, "key", unix_ms() - day_ms - 1000));

    const auto before = store->find_idempotent("user:alice", "key");
    const auto taken = commit(claim(young, "key", unix_ms()));
    const auto after = store->find_idempotent("user:alice", "key");

    EXPECT_FALSE(*before);
    EXPECT_FALSE(taken->error);
    ASSERT_TRUE(*after);
    EXPECT_EQ((*after)->run, young.run.id);
}

TEST_F(IdempotencyTest, OldKeysArePurged) {
    open();
    Turn old(InteractionId::make(), 1);
    commit(claim(old, "key", unix_ms() - 25LL * 3600 * 1000));
    close();
    open();  // the purge is the first thing that maintenance does

    const std::string database = options.data_dir + "/patchbay.db";
    EXPECT_TRUE(eventually(
        [&] { return query_number(database, "SELECT count(*) FROM idempotency") == 0; }));
}

TEST_F(IdempotencyTest, UnusedKeyIsNotFound) {
    open();

    EXPECT_FALSE(*store->find_idempotent("user:alice", "key"));
}

}  // namespace
}  // namespace patchbay
