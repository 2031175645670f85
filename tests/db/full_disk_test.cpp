#include "db/clock.hpp"
#include "faulty_vfs.hpp"
#include "store_fixture.hpp"

namespace patchbay {
namespace {

class FullDiskTest : public StoreTest {
protected:
    FullDiskTest() {
        FaultyVfs::full = false;
        options.vfs = FaultyVfs::name();
    }
    ~FullDiskTest() override {
        FaultyVfs::full = false;
        close();
    }
};

TEST_F(FullDiskTest, EveryBatchOfTheGroupComesBackAndNoSeqIsConsumed) {
    open();
    Turn turn(InteractionId::make(), 1);
    Turn other(InteractionId::make(), 1);
    commit(turn.begin(true));
    commit(turn.delta("a"));
    FaultyVfs::full = true;

    Collector::Batches group;
    group.push_back(turn.delta("b"));
    group.push_back(other.begin(true));
    auto failed = commit_all(std::move(group));
    const auto refused = store->admits_runs();
    FaultyVfs::full = false;
    const auto again = commit_all(std::move(failed));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage);
    EXPECT_FALSE(again[0]->error);
    EXPECT_FALSE(again[1]->error);
    EXPECT_EQ(again[0]->last_seq, 4u);
    const auto events = all_events(turn.run.interaction);
    EXPECT_TRUE(is_gapless(events));
    EXPECT_EQ(text_of(events), "ab");
    EXPECT_TRUE(is_gapless(all_events(other.run.interaction)));
    EXPECT_TRUE(store->admits_runs());
}

TEST_F(FullDiskTest, ErrorSaysThatTheDiskIsFull) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    FaultyVfs::full = true;

    const auto failed = commit(turn.delta("b"));

    ASSERT_TRUE(failed->error);
    EXPECT_EQ(failed->error->code, ErrorCode::storage);
    EXPECT_TRUE(failed->error->retryable);
    EXPECT_NE(failed->error->message.find("no space is left"), std::string::npos)
        << failed->error->message;
}

TEST_F(FullDiskTest, IdempotencyKeyOfAFailedGroupIsUnused) {
    open();
    Turn turn(InteractionId::make(), 1);
    auto batch = turn.begin(true);
    batch->projections.push_back(ClaimIdempotencyKey{"user:alice", "key", "sha"});
    FaultyVfs::full = true;

    auto failed = commit(std::move(batch));
    FaultyVfs::full = false;
    const auto again = commit(std::move(failed));

    EXPECT_FALSE(again->error);
    EXPECT_FALSE(again->duplicate_of);
}

TEST_F(FullDiskTest, EventsAreCommittedOrRefusedAndCountedAsThat) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    FaultyVfs::full = true;
    auto failed = commit(turn.delta("b"));
    FaultyVfs::full = false;

    commit(std::move(failed));

    const StoreCounters& counters = store->counters();
    EXPECT_EQ(counters.events_enqueued, 4u);
    EXPECT_EQ(counters.events_committed, 3u);
    EXPECT_EQ(counters.events_refused, 1u);
}

TEST_F(FullDiskTest, ReadingGoesOn) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    commit(turn.delta("a"));
    FaultyVfs::full = true;
    commit(turn.delta("b"));

    EXPECT_EQ(text_of(all_events(turn.run.interaction)), "a");
    EXPECT_EQ(store->interaction(turn.run.interaction)->last_seq, 3u);
}

TEST_F(FullDiskTest, ProbeFindsOutThatThereIsSpaceAgain) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    FaultyVfs::full = true;
    commit(turn.delta("b"));
    ASSERT_FALSE(store->admits_runs());

    FaultyVfs::full = false;

    EXPECT_TRUE(eventually([&] { return store->admits_runs().has_value(); }));
}

TEST_F(FullDiskTest, WhatCannotBeFoldedIsFoldedLater) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    commit(turn.delta("a"));
    commit(turn.end(unix_ms()));
    FaultyVfs::full = true;
    const uint64_t failures = store->counters().maintenance_failures;
    eventually(
        [&] { return journal_rows() == 0 || store->counters().maintenance_failures > failures; });

    const auto while_full = all_events(turn.run.interaction);
    FaultyVfs::full = false;

    EXPECT_EQ(text_of(while_full), "a");
    EXPECT_TRUE(eventually([&] { return journal_rows() == 0; }));
    EXPECT_EQ(text_of(all_events(turn.run.interaction)), "a");
}

TEST_F(FullDiskTest, PowerLossSyncsTheFileAtEveryCommit) {
    options.power_loss = true;
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    const int before = FaultyVfs::syncs;

    for (int i = 0; i < 10; ++i) commit(turn.delta("x"));

    EXPECT_GE(FaultyVfs::syncs - before, 10);
}

}  // namespace
}  // namespace patchbay
