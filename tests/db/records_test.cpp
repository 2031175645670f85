#include "db/clock.hpp"
#include "store_fixture.hpp"

namespace patchbay {
namespace {

using RecordsTest = StoreTest;

InteractionRecord interaction_at(int64_t created_at_ms, const std::string& owner = "user:alice") {
    return {.id = InteractionId::make(),
            .owner = owner,
            .title = "t",
            .agent = "a",
            .model = "m",
            .created_at_ms = created_at_ms,
            .updated_at_ms = created_at_ms,
            .metadata_json = R"({"k":1})"};
}

TEST_F(RecordsTest, InteractionIsReadBackAsItWasWritten) {
    open();
    const auto record = interaction_at(77);

    ASSERT_TRUE(store->insert_interaction(record));

    const auto read = store->interaction(record.id);
    EXPECT_EQ(read->owner, "user:alice");
    EXPECT_EQ(read->title, "t");
    EXPECT_EQ(read->agent, "a");
    EXPECT_EQ(read->model, "m");
    EXPECT_EQ(read->created_at_ms, 77);
    EXPECT_EQ(read->metadata_json, R"({"k":1})");
    EXPECT_EQ(read->last_seq, 0u);
}

TEST_F(RecordsTest, SecondInsertOfTheSameInteractionIsConflict) {
    open();
    const auto record = interaction_at(77);
    ASSERT_TRUE(store->insert_interaction(record));

    EXPECT_EQ(store->insert_interaction(record).error().code, ErrorCode::conflict);
}

TEST_F(RecordsTest, UpdateChangesWhatIsGivenOnly) {
    open();
    const auto record = interaction_at(77);
    ASSERT_TRUE(store->insert_interaction(record));

    const auto titled = store->update_interaction(record.id, "new", std::nullopt);
    const auto unknown = store->update_interaction(InteractionId::make(), "new", std::nullopt);

    EXPECT_EQ(titled->title, "new");
    EXPECT_EQ(store->interaction(record.id)->metadata_json, R"({"k":1})");
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST_F(RecordsTest, ListGoesFromNewestToOldestPageByPage) {
    open();
    for (int64_t i = 0; i < 25; ++i) {
        ASSERT_TRUE(store->insert_interaction(interaction_at(1000 + i / 3)));  // some at once
        ASSERT_TRUE(store->insert_interaction(interaction_at(1000, "user:bob")));
    }

    std::vector<InteractionRecord> all;
    std::string next;
    int pages = 0;
    do {
        const auto page = store->interactions("user:alice", 10, next);
        ASSERT_TRUE(page);
        all.insert(all.end(), page->items.begin(), page->items.end());
        next = page->next;
        ++pages;
    } while (!next.empty());

    EXPECT_EQ(pages, 3);
    ASSERT_EQ(all.size(), 25u);
    for (size_t i = 1; i < all.size(); ++i) {
        EXPECT_TRUE(
            all[i - 1].created_at_ms > all[i].created_at_ms ||
            (all[i - 1].created_at_ms == all[i].created_at_ms && all[i - 1].id > all[i].id));
    }
}

TEST_F(RecordsTest, PageThatNoListGaveOutIsBadRequest) {
    open();

    for (const char* page :
         {"x", "0192d4e0-7b5a-7c3d-8e9f-0123456789ab", "0192d4e0-7b5a-7c3d-8e9f-0123456789ab.",
          "0192d4e0-7b5a-7c3d-8e9f-0123456789ab.12x"}) {
        EXPECT_EQ(store->interactions("user:alice", 10, page).error().code, ErrorCode::bad_request)
            << page;
    }
}

TEST_F(RecordsTest, RunKeepsEveryColumn) {
    open();
    Turn turn(InteractionId::make(), 1);
    turn.run.request_json = R"({"r":1})";
    commit(turn.begin(true));
    turn.run.attempt = 2;
    turn.run.agent = "chat";
    turn.run.provider = "demo";
    turn.run.model = "demo/m";
    turn.run.usage = {10, 20, 3, 4, 5, true};
    turn.run.cost_micros = 123;
    turn.run.error_json = R"({"code":"x"})";
    turn.run.superseded = {{3, 5}, {8, 9}};
    turn.run.epoch = 4;
    commit(turn.end(9000));

    const auto read = store->run(turn.run.id);

    ASSERT_TRUE(read);
    EXPECT_EQ(read->interaction, turn.run.interaction);
    EXPECT_EQ(read->turn, 1u);
    EXPECT_EQ(read->attempt, 2u);
    EXPECT_EQ(read->agent, "chat");
    EXPECT_EQ(read->provider, "demo");
    EXPECT_EQ(read->model, "demo/m");
    EXPECT_EQ(read->request_json, R"({"r":1})");
    EXPECT_EQ(read->usage, turn.run.usage);
    EXPECT_EQ(read->cost_micros, 123);
    EXPECT_EQ(read->error_json, R"({"code":"x"})");
    EXPECT_EQ(read->superseded, turn.run.superseded);
    EXPECT_EQ(read->owner_node, "local");
    EXPECT_EQ(read->epoch, 4);
    EXPECT_EQ(read->started_at_ms, 1000);
    EXPECT_EQ(read->ended_at_ms, 9000);
}

TEST_F(RecordsTest, OpenRunsOfAnInteractionComeInTheOrderOfTurn) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {}, unix_ms());
    Turn third(id, 3);
    Turn second(id, 2);
    commit(third.begin(false, RunStatus::queued));
    commit(second.begin(false));

    const auto open_runs = store->open_runs_of(id);

    ASSERT_EQ(open_runs->size(), 2u);
    EXPECT_EQ((*open_runs)[0].id, second.run.id);
    EXPECT_EQ((*open_runs)[1].id, third.run.id);
    EXPECT_FALSE((*open_runs)[0].cost_micros);
}

TEST_F(RecordsTest, MessagesComeInTheOrderOfTurnThenSeq) {
    open();
    const auto id = InteractionId::make();
    Turn first(id, 1);
    Turn second(id, 2);
    commit(first.begin(true));
    commit(second.begin(false, RunStatus::queued));  // its message has the lower seq
    commit(first.end(unix_ms(), "first answer"));
    commit(second.end(unix_ms(), "second answer"));

    const auto all = store->messages(id, {}, 100, SIZE_MAX)->items;
    const auto rest = *store->messages(id, all[1].id, 1, SIZE_MAX);
    const auto small = *store->messages(id, {}, 100, 12);

    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[1].content_json, "first answer");
    EXPECT_EQ(all[2].turn, 2u);
    EXPECT_EQ(all[3].content_json, "second answer");
    ASSERT_EQ(rest.items.size(), 1u);
    EXPECT_EQ(rest.items[0].id, all[2].id);
    EXPECT_EQ(store->messages(id, MessageId::make(), 1, SIZE_MAX).error().code,
              ErrorCode::not_found);
    EXPECT_TRUE(rest.more);
    EXPECT_LT(small.items.size(), 4u) << "no more than what reaches the limit of bytes";
    EXPECT_TRUE(small.more);
}

TEST_F(RecordsTest, RecentMessagesAreTheNewestThatFitOldestFirst) {
    open();
    const auto id = InteractionId::make();
    for (uint32_t turn = 1; turn <= 5; ++turn) write_run(id, turn, {}, unix_ms());

    const auto all = store->recent_messages(id, 5, 100, 1'000'000);
    const auto three = store->recent_messages(id, 5, 3, 1'000'000);
    const auto small = store->recent_messages(id, 5, 100, 20);

    EXPECT_EQ(all->size(), 8u);
    ASSERT_EQ(three->size(), 3u);
    EXPECT_EQ((*three)[0].turn, 3u);
    EXPECT_EQ((*three)[2].role, "assistant");
    EXPECT_EQ((*three)[2].turn, 4u);
    EXPECT_EQ(small->size(), 2u);
}

TEST_F(RecordsTest, RolledBackMessagesAreLeftOutOfTheRecentOnes) {
    open();
    const auto id = InteractionId::make();
    Turn turn = write_run(id, 1, {}, unix_ms());
    Turn second(id, 2);
    auto begin = second.begin(false);
    begin->projections.push_back(SetMessageStatus{turn.run.id, MessageStatus::rolled_back});
    commit(std::move(begin));

    EXPECT_TRUE(store->recent_messages(id, 2, 100, 1000)->empty());
    EXPECT_EQ(store->messages(id, {}, 100, SIZE_MAX)->items.at(0).status,
              MessageStatus::rolled_back);
}

TEST_F(RecordsTest, DeletedInteractionIsGoneAlsoAfterARestart) {
    open();
    const auto id = InteractionId::make();
    Turn other(InteractionId::make(), 1);
    commit(other.begin(true));  // keeps the journal's rows
    write_run(id, 1, {"a"}, unix_ms());

    const auto deleted = store->delete_interaction(id);
    const auto live = store->events(id, 0, 10, 1000, std::nullopt);
    Turn reborn = write_run(id, 1, {"new"}, unix_ms());
    open();

    ASSERT_TRUE(deleted) << deleted.error().message;
    EXPECT_EQ(live.error().code, ErrorCode::not_found);
    const auto events = all_events(id);
    EXPECT_EQ(text_of(events), "new");
    EXPECT_TRUE(is_gapless(events));
    EXPECT_EQ(store->messages(id, {}, 10, SIZE_MAX)->items.size(), 2u);
    EXPECT_EQ(events[0].run, reborn.run.id);
}

TEST_F(RecordsTest, InteractionWithAnOpenRunIsNotDeleted) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));

    EXPECT_EQ(store->delete_interaction(turn.run.interaction).error().code, ErrorCode::conflict);
    EXPECT_EQ(store->delete_interaction(InteractionId::make()).error().code, ErrorCode::not_found);
    EXPECT_EQ(all_events(turn.run.interaction).size(), 2u);
}

TEST_F(RecordsTest, CredentialNamesAreUniqueAmongThoseNotRevoked) {
    open();
    const CredentialRecord first{.id = "k1",
                                 .sha256 = std::string(32, '\0'),
                                 .owner = "user:a",
                                 .name = "ci",
                                 .role = Role::admin,
                                 .created_at_ms = 5};
    CredentialRecord second = first;
    second.id = "k2";
    ASSERT_TRUE(store->insert_credential(first));

    const auto taken = store->insert_credential(second);
    const auto revoked = store->revoke_credential("k1", 99);
    const auto again = store->revoke_credential("k1", 100);
    const auto free = store->insert_credential(second);
    const auto unknown = store->revoke_credential("k9", 99);
    const auto all = store->credentials();

    EXPECT_EQ(taken.error().code, ErrorCode::conflict);
    EXPECT_TRUE(revoked);
    EXPECT_TRUE(again);
    EXPECT_TRUE(free);
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ((*all)[0].revoked_at_ms, 99);
    EXPECT_EQ((*all)[0].sha256, first.sha256);
    EXPECT_EQ((*all)[0].role, Role::admin);
}

TEST_F(RecordsTest, BackupIsAStoreThatOpensAndIsEqual) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"a", "b"}, unix_ms());
    Turn live(id, 2);
    commit(live.begin(false));
    commit(live.delta("c"));
    StoreOptions copy;
    copy.data_dir = folder / "copy";
    std::filesystem::create_directory(copy.data_dir);

    const auto made = store->backup(copy.data_dir + "/patchbay.db");
    const auto again = store->backup(copy.data_dir + "/patchbay.db");
    commit(live.delta("after the backup"));
    auto opened = open_sqlite_store(copy);

    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    ASSERT_TRUE(opened) << opened.error().message;
    const auto events = (*opened)->events(id, 0, 100, 10'000, std::nullopt);
    EXPECT_TRUE(is_gapless(events->events));
    EXPECT_EQ(text_of(events->events), "abc");
    EXPECT_EQ((*opened)->open_runs()->size(), 1u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "copy"), {}), 4);
}

TEST_F(RecordsTest, BackupIntoAMissingFolderIsAnError) {
    open();

    const auto made = store->backup(folder / "missing/patchbay.db");

    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace patchbay
