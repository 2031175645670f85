#include "db/clock.hpp"
#include "store_fixture.hpp"

#include <set>
#include <thread>

namespace patchbay {
namespace {

using AppendTest = StoreTest;

TEST_F(AppendTest, SeqsStartAtOneAndHaveNoGap) {
    open();
    const auto id = InteractionId::make();

    write_run(id, 1, {"a", "b", "c"}, unix_ms());
    write_run(id, 2, {"d"}, unix_ms());

    const auto events = all_events(id);
    EXPECT_EQ(events.size(), 12u);
    EXPECT_TRUE(is_gapless(events));
    EXPECT_EQ(text_of(events), "abcd");
}

TEST_F(AppendTest, BatchComesBackWithItsSeqs) {
    open();
    Turn turn(InteractionId::make(), 1);

    const auto begun = commit(turn.begin(true));
    const auto token = commit(turn.delta("one"));

    EXPECT_EQ(begun->events[0].seq, 1u);
    EXPECT_EQ(begun->events[1].seq, 2u);
    EXPECT_EQ(begun->last_seq, 2u);
    EXPECT_EQ(token->events[0].seq, 3u);
    EXPECT_EQ(token->events[0].run, turn.run.id);
    EXPECT_EQ(token->last_seq, 3u);
}

TEST_F(AppendTest, ProjectionsTakeTheSeqsOfTheirEvents) {
    open();
    Turn turn(InteractionId::make(), 1);

    commit(turn.begin(true));
    commit(turn.delta("one"));
    commit(turn.end(unix_ms()));

    const auto run = store->run(turn.run.id);
    const auto messages = store->messages(turn.run.interaction, {}, 10, SIZE_MAX)->items;
    EXPECT_EQ(run->first_seq, 1u);
    EXPECT_EQ(run->last_seq, 5u);
    EXPECT_EQ(run->status, RunStatus::completed);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].seq, 1u);
    EXPECT_EQ(messages[1].seq, 4u);
    EXPECT_EQ(store->interaction(turn.run.interaction)->turns, 1u);
}

TEST_F(AppendTest, InteractionsInOneGroupHaveSeqsOfTheirOwn) {
    open();
    std::vector<Turn> turns;
    Collector::Batches begins;
    for (int i = 0; i < 50; ++i) {
        turns.emplace_back(InteractionId::make(), 1);
        begins.push_back(turns.back().begin(true));
    }
    commit_all(std::move(begins));

    for (int round = 0; round < 20; ++round) {
        Collector::Batches deltas;
        for (const Turn& turn : turns) deltas.push_back(turn.delta(std::to_string(round) + " "));
        commit_all(std::move(deltas));
    }

    for (const Turn& turn : turns) {
        const auto events = all_events(turn.run.interaction);
        EXPECT_EQ(events.size(), 22u);
        EXPECT_TRUE(is_gapless(events));
    }
}

TEST_F(AppendTest, GroupIsHandedToEachSinkInOneCallInOrder) {
    options.gather = std::chrono::milliseconds(300);
    open();
    Collector other;
    Turn first(InteractionId::make(), 1);
    Turn second(InteractionId::make(), 1);
    commit(first.begin(true));  // from now on the writer gathers
    const size_t calls = sink.calls();

    Collector::Batches group;
    for (int i = 0; i < 3; ++i) group.push_back(first.delta(std::to_string(i)));
    group.insert(group.begin() + 1, second.begin(true));
    for (auto& batch : group) batch->sink = batch->run == first.run.id ? &sink : &other;
    store->submit(std::move(group));
    const auto mine = sink.wait_for(3);
    const auto others = other.wait_for(1);

    EXPECT_EQ(sink.calls(), calls + 1);
    ASSERT_EQ(mine.size(), 3u);
    EXPECT_EQ(others.size(), 1u);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(mine[i]->events[0].body, std::to_string(i));
    store.reset();  // before `other`
}

TEST_F(AppendTest, RefusedBatchFailsAloneAndConsumesNoSeq) {
    open();
    Turn good(InteractionId::make(), 1);
    commit(good.begin(true));
    Turn twin = good;  // the same run again: a conflict

    Collector::Batches group;
    group.push_back(good.delta("a"));
    group.push_back(twin.begin(false));
    group.push_back(good.delta("b"));
    const auto back = commit_all(std::move(group));

    EXPECT_FALSE(back[0]->error);
    ASSERT_TRUE(back[1]->error);
    EXPECT_EQ(back[1]->error->code, ErrorCode::conflict);
    EXPECT_FALSE(back[2]->error);
    EXPECT_EQ(back[2]->last_seq, 4u);
    EXPECT_TRUE(is_gapless(all_events(good.run.interaction)));
    EXPECT_EQ(store->messages(good.run.interaction, {}, 10, SIZE_MAX)->items.size(), 1u);
    EXPECT_EQ(store->interaction(good.run.interaction)->turns, 1u);
}

TEST_F(AppendTest, RefusedBatchLeavesNothingOfItsInteraction) {
    open();
    Turn good(InteractionId::make(), 1);
    commit(good.begin(true));
    Turn bad(InteractionId::make(), 1);
    bad.run.id = good.run.id;

    const auto refused = commit(bad.begin(true));
    const auto again = commit(Turn(bad.run.interaction, 1).begin(false));

    EXPECT_TRUE(refused->error);
    EXPECT_EQ(store->interaction(bad.run.interaction).error().code, ErrorCode::not_found);
    EXPECT_EQ(again->error->code, ErrorCode::not_found);
}

TEST_F(AppendTest, EventsOfRunsThatAreNotOpenAreRefused) {
    open();
    const auto id = InteractionId::make();
    Turn ended = write_run(id, 1, {"a"}, unix_ms());
    Turn unknown(id, 2);
    Turn elsewhere(InteractionId::make(), 1);

    EXPECT_EQ(commit(ended.delta("late"))->error->code, ErrorCode::conflict);
    EXPECT_EQ(commit(unknown.delta("early"))->error->code, ErrorCode::conflict);
    EXPECT_EQ(commit(elsewhere.delta("lost"))->error->code, ErrorCode::not_found);
    EXPECT_EQ(store->interaction(id)->last_seq, 5u);
}

TEST_F(AppendTest, LastSeqOfALiveInteractionIsThatOfTheLog) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));

    for (int i = 0; i < 5; ++i) commit(turn.delta("x"));

    EXPECT_EQ(store->interaction(turn.run.interaction)->last_seq, 7u);
    EXPECT_EQ(store->interactions("user:alice", 10, "")->items.at(0).last_seq, 7u);
}

TEST_F(AppendTest, AfterCloseBatchesComeBackUnavailable) {
    open();
    Turn turn(InteractionId::make(), 1);
    store->close();

    const auto back = commit(turn.begin(true));

    EXPECT_EQ(back->error->code, ErrorCode::unavailable);
    EXPECT_EQ(store->interaction(turn.run.interaction).error().code, ErrorCode::unavailable);
    store->close();  // again: nothing happens
}

TEST_F(AppendTest, CloseCommitsWhatIsQueued) {
    options.gather = std::chrono::milliseconds(200);
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));

    Collector::Batches deltas;
    for (int i = 0; i < 10; ++i) deltas.push_back(turn.delta("x"));
    for (auto& batch : deltas) batch->sink = &sink;
    store->submit(std::move(deltas));
    store->close();
    const auto back = sink.wait_for(10);
    open();

    EXPECT_EQ(back.size(), 10u);
    EXPECT_EQ(all_events(turn.run.interaction).size(), 12u);
}

TEST_F(AppendTest, ManyThreadsSubmitAtOnce) {
    open();
    constexpr int threads = 8;
    constexpr int tokens = 100;
    std::vector<Turn> turns;
    for (int i = 0; i < threads; ++i) turns.emplace_back(InteractionId::make(), 1);
    for (Turn& turn : turns) commit(turn.begin(true));
    {
        std::vector<std::jthread> workers;
        for (const Turn& turn : turns) {
            workers.emplace_back([&] {
                Collector mine;
                for (int i = 0; i < tokens; ++i) {
                    Collector::Batches one;
                    one.push_back(turn.delta("x"));
                    one.back()->sink = &mine;
                    store->submit(std::move(one));
                    EXPECT_EQ(mine.wait_for(1).size(), 1u);
                }
            });
        }
    }

    for (const Turn& turn : turns) {
        const auto events = all_events(turn.run.interaction);
        EXPECT_EQ(events.size(), tokens + 2u);
        EXPECT_TRUE(is_gapless(events));
    }
    EXPECT_EQ(store->counters().batches_failed, 0u);
    EXPECT_EQ(store->counters().batches_committed, threads * (tokens + 1u));
}

TEST_F(AppendTest, CommitsOfTokensAreNotSyncedButThoseOfOutcomesAre) {
    open();
    Turn turn(InteractionId::make(), 1);
    const auto& syncs = store->counters().syncs;

    commit(turn.begin(true));
    EXPECT_EQ(syncs, 1u);
    for (int i = 0; i < 5; ++i) commit(turn.delta("x"));
    EXPECT_EQ(syncs, 1u);
    commit(turn.of({make_event(EventKind::tool_call, "{}")}));
    EXPECT_EQ(syncs, 2u);
    commit(turn.end(unix_ms()));
    EXPECT_EQ(syncs, 3u);
    EXPECT_EQ(store->counters().commits, 8u);
}

TEST_F(AppendTest, UnderPowerLossEveryCommitIsSynced) {
    options.power_loss = true;
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));

    for (int i = 0; i < 5; ++i) commit(turn.delta("x"));

    EXPECT_EQ(store->counters().syncs, 6u);
}

}  // namespace
}  // namespace patchbay
