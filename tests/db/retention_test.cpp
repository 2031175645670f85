#include "db/clock.hpp"
#include "store_fixture.hpp"

#include <algorithm>

namespace patchbay {
namespace {

class RetentionTest : public StoreTest {
protected:
    uint64_t compacted_to(InteractionId id) { return store->interaction(id)->compacted_to; }
    bool all_compacted(int runs) {
        return eventually([&] {
            return query_number(options.data_dir + "/patchbay.db",
                                "SELECT count(*) FROM runs WHERE compacted = 1") == runs;
        });
    }

    const int64_t long_ago = unix_ms() - 60 * 60 * 1000;
};

TEST_F(RetentionTest, EndedRunLosesItsDeltasAndKeepsTheRest) {
    open();
    const auto id = InteractionId::make();
    Turn turn(id, 1);
    commit(turn.begin(true));
    commit(turn.delta("a"));
    commit(turn.of({make_event(EventKind::tool_call, "{}")}));
    commit(turn.of({make_event(EventKind::status, "{}"), make_event(EventKind::progress, "{}")}));
    commit(turn.delta("b"));
    commit(turn.end(long_ago));

    ASSERT_TRUE(all_compacted(1));
    const auto page = store->events(id, 0, 100, 10'000, std::nullopt);

    EXPECT_EQ(page->compacted_to, 9u);
    EXPECT_EQ(page->read_to, 9u);
    std::vector<EventKind> kinds;
    for (const Event& event : page->events) kinds.push_back(event.kind);
    EXPECT_EQ(kinds, (std::vector<EventKind>{EventKind::message_user, EventKind::run_started,
                                             EventKind::tool_call, EventKind::message_completed,
                                             EventKind::run_completed}));
    EXPECT_EQ(page->events[2].seq, 4u);
    EXPECT_EQ(store->messages(id, {}, 10, SIZE_MAX)->items.size(), 2u);
}

TEST_F(RetentionTest, ADamagedSegmentDoesNotKeepTheOthersFromBeingCompacted) {
    options.retention = std::chrono::hours(2);
    open();
    const auto damaged = InteractionId::make();
    const auto id = InteractionId::make();
    write_run(damaged, 1, {"a"}, long_ago);
    write_run(id, 1, {"b"}, long_ago + 1);
    close();
    execute(options.data_dir + "/patchbay.db",
            "UPDATE segments SET payload = substr(payload, 1, length(payload) - 1)"
            " WHERE rowid = (SELECT min(rowid) FROM segments)");
    options.retention = std::chrono::minutes(15);

    open();

    ASSERT_TRUE(all_compacted(2));
    EXPECT_EQ(text_of(all_events(id)), "");
    EXPECT_EQ(compacted_to(damaged), 5u);  // readers get a snapshot, and its messages are whole
    EXPECT_EQ(store->messages(damaged, {}, 10, SIZE_MAX)->items.size(), 2u);
    EXPECT_FALSE(store->events(damaged, 0, 100, 10'000, std::nullopt));
}

// What a model writes: words of a vocabulary, in no order that repeats.
std::string prose(size_t words) {
    std::string text;
    uint32_t state = 7;
    for (size_t i = 0; i < words; ++i) {
        state = state * 1664525 + 1013904223;
        const uint32_t word = (state >> 16) % 500;
        text += std::string(1, static_cast<char>('a' + word % 26)) + "word" + std::to_string(word) +
                " ";
    }
    return text;
}

TEST_F(RetentionTest, ACompactedAnswerCostsNoMoreThanOneAndAHalfTimesItsText) {
    open();
    const auto id = InteractionId::make();
    const auto text = prose(2000);
    Turn turn(id, 1);
    commit(turn.begin(true));
    commit(turn.delta(text));
    commit(turn.end(long_ago, text));

    ASSERT_TRUE(all_compacted(1));
    const auto file = options.data_dir + "/patchbay.db";
    const auto segments = query_number(file, "SELECT sum(length(payload)) FROM segments");
    const auto messages = query_number(file, "SELECT sum(length(content_json)) FROM messages");

    EXPECT_LT(segments + messages, static_cast<int64_t>(text.size() * 3 / 2));
    const auto events = all_events(id, 0);
    const auto completed = std::ranges::find(events, EventKind::message_completed, &Event::kind);
    ASSERT_NE(completed, events.end());
    EXPECT_NE(completed->body.find(text), std::string::npos);  // word for word
}

TEST_F(RetentionTest, RunThatEndedJustNowIsKeptWhole) {
    open();
    const auto old = InteractionId::make();
    const auto young = InteractionId::make();
    write_run(young, 1, {"a"}, unix_ms());
    write_run(old, 1, {"a"}, long_ago);

    ASSERT_TRUE(all_compacted(1));

    EXPECT_EQ(compacted_to(young), 0u);
    EXPECT_EQ(text_of(all_events(young)), "a");
    EXPECT_EQ(text_of(all_events(old)), "");
}

TEST_F(RetentionTest, RunsAreCompactedInTheOrderOfTurn) {
    open();
    const auto id = InteractionId::make();
    Turn first(id, 1);
    Turn second(id, 2);
    commit(first.begin(true));
    commit(first.delta("a"));
    commit(second.begin(false, RunStatus::queued));
    commit(second.end(long_ago));  // cancelled while it waited
    write_run(InteractionId::make(), 1, {"x"}, long_ago);
    ASSERT_TRUE(all_compacted(1));  // the other interaction's

    EXPECT_EQ(compacted_to(id), 0u);
    commit(first.delta("b"));
    EXPECT_EQ(text_of(all_events(id)), "ab");
    commit(first.end(long_ago));
    ASSERT_TRUE(all_compacted(3));
    EXPECT_EQ(compacted_to(id), 10u);
    EXPECT_EQ(text_of(all_events(id)), "");
}

TEST_F(RetentionTest, OpenRunAfterACompactedOneIsKeptWhole) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"old"}, long_ago);
    Turn live(id, 2);
    commit(live.begin(false));
    commit(live.delta("new"));

    ASSERT_TRUE(all_compacted(1));

    EXPECT_EQ(compacted_to(id), 5u);
    const auto events = all_events(id, compacted_to(id));
    EXPECT_TRUE(is_gapless(events, 6));
    EXPECT_EQ(text_of(events), "new");
}

TEST_F(RetentionTest, CompactionOutlivesARestart) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, std::vector<std::string>(20, "text "), long_ago);
    ASSERT_TRUE(all_compacted(1));

    open();

    EXPECT_EQ(compacted_to(id), 24u);
    EXPECT_EQ(store->interaction(id)->last_seq, 24u);
    EXPECT_EQ(all_events(id).size(), 4u);
    EXPECT_EQ(commit(Turn(id, 2).begin(false))->last_seq, 26u);
}

TEST_F(RetentionTest, FullStoreCompactsTheOldestThenRefusesRuns) {
    options.max_bytes = 1'000'000;
    open();
    std::vector<InteractionId> ids;
    for (int i = 0; i < 12; ++i) {
        ids.push_back(InteractionId::make());
        write_run(ids.back(), 1, {std::string(100'000, 'x')}, unix_ms() - 12'000 + i * 1000);
    }

    EXPECT_TRUE(eventually([&] { return compacted_to(ids.front()) > 0; }));
    EXPECT_TRUE(eventually([&] { return store->admits_runs().has_value(); }));
    Turn kept(InteractionId::make(), 1);
    commit(kept.begin(true));
    commit(kept.of({make_event(EventKind::tool_result, std::string(1'200'000, 'y'))}));

    EXPECT_TRUE(eventually([&] { return !store->admits_runs(); }));
    EXPECT_EQ(store->admits_runs().error().code, ErrorCode::storage);
    commit(kept.end(unix_ms()));
    ASSERT_TRUE(store->delete_interaction(kept.run.interaction));
    EXPECT_TRUE(eventually([&] { return store->admits_runs().has_value(); }));
}

}  // namespace
}  // namespace patchbay
