#include "db/clock.hpp"
#include "store_fixture.hpp"

namespace patchbay {
namespace {

class EventsTest : public StoreTest {
protected:
    EventPage page(InteractionId id, uint64_t after, size_t max_events, size_t max_bytes,
                   std::optional<RunId> run = std::nullopt) {
        auto read = store->events(id, after, max_events, max_bytes, run);
        EXPECT_TRUE(read) << read.error().message;
        return read ? std::move(*read) : EventPage{};
    }
    bool folded() {
        return eventually([&] { return journal_rows() == 0; });
    }
};

TEST_F(EventsTest, LiveRunIsReadBeforeItIsFolded) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    commit(turn.delta("a"));
    commit(turn.delta("b"));

    const auto events = all_events(turn.run.interaction);

    EXPECT_TRUE(is_gapless(events));
    EXPECT_EQ(text_of(events), "ab");
    EXPECT_EQ(events[2].run, turn.run.id);
}

TEST_F(EventsTest, EndedRunIsFoldedAndItsJournalRowsGo) {
    open();
    const auto id = InteractionId::make();

    write_run(id, 1, {"a", "b"}, unix_ms());

    EXPECT_TRUE(folded());
    EXPECT_EQ(segments(), 1u);
    EXPECT_EQ(text_of(all_events(id)), "ab");
    EXPECT_EQ(store->counters().journal_rows, 0u);
}

TEST_F(EventsTest, SegmentsAndLiveEndJoinWithoutGap) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"a", "b"}, unix_ms());
    ASSERT_TRUE(folded());
    Turn live(id, 2);
    commit(live.begin(false));
    commit(live.delta("c"));

    for (uint64_t after = 0; after <= 9; ++after) {
        const auto events = all_events(id, after);
        EXPECT_EQ(events.size(), 9 - after);
        EXPECT_TRUE(is_gapless(events, after + 1));
    }
}

TEST_F(EventsTest, QueuedRunsEventsLieBetweenThoseOfTheActiveOne) {
    open();
    const auto id = InteractionId::make();
    Turn active(id, 1);
    Turn queued(id, 2);
    commit(active.begin(true));
    commit(active.delta("a"));
    commit(queued.begin(false, RunStatus::queued));
    commit(active.delta("b"));
    commit(active.end(unix_ms()));
    ASSERT_TRUE(folded());
    commit(queued.delta("c"));

    const auto all = all_events(id);
    const auto of_active = page(id, 0, 100, 1000, active.run.id);
    const auto of_queued = page(id, 0, 100, 1000, queued.run.id);

    EXPECT_EQ(all.size(), 9u);
    EXPECT_TRUE(is_gapless(all));
    EXPECT_EQ(text_of(all), "abc");
    EXPECT_EQ(text_of(of_active.events), "ab");
    EXPECT_EQ(of_active.events.size(), 6u);
    EXPECT_EQ(of_active.read_to, 9u);
    EXPECT_EQ(of_queued.events.size(), 3u);
    EXPECT_EQ(of_queued.events[0].seq, 4u);
    EXPECT_EQ(of_queued.events[2].body, "c");
}

TEST_F(EventsTest, PagesHonourTheirLimits) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"aaaaaaaaaa", "bbbbbbbbbb"}, unix_ms());
    Turn live(id, 2);
    commit(live.begin(false));
    commit(live.delta("cccccccccc"));

    const auto two = page(id, 0, 2, 1'000'000);
    const auto small = page(id, 2, 100, 15);
    const auto tiny = page(id, 2, 100, 1);
    const auto rest = page(id, two.read_to, 1000, 1'000'000);

    EXPECT_EQ(two.events.size(), 2u);
    EXPECT_EQ(two.read_to, 2u);
    EXPECT_EQ(small.events.size(), 1u);
    EXPECT_EQ(tiny.events.size(), 1u);  // at least one where there is one
    EXPECT_EQ(rest.events.size(), 7u);
    EXPECT_EQ(rest.read_to, 9u);
}

TEST_F(EventsTest, PageByPageGivesTheWholeLog) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, std::vector<std::string>(30, "x"), unix_ms());
    Turn live(id, 2);
    commit(live.begin(false));
    for (int i = 0; i < 10; ++i) commit(live.delta("y"));

    std::vector<Event> joined;
    uint64_t after = 0;
    while (true) {
        auto next = page(id, after, 7, 1'000'000);
        if (next.events.empty()) break;
        after = next.read_to;
        for (Event& event : next.events) joined.push_back(std::move(event));
    }

    EXPECT_EQ(joined.size(), 46u);
    EXPECT_TRUE(is_gapless(joined));
}

TEST_F(EventsTest, AtTheEndThereIsNothingAndReadToStays) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {}, unix_ms());

    const auto end = page(id, 4, 10, 1000);
    const auto beyond = page(id, 99, 10, 1000);

    EXPECT_TRUE(end.events.empty());
    EXPECT_EQ(end.read_to, 4u);
    EXPECT_TRUE(beyond.events.empty());
}

TEST_F(EventsTest, UnknownInteractionIsNotFound) {
    open();

    const auto read = store->events(InteractionId::make(), 0, 10, 1000, std::nullopt);

    EXPECT_EQ(read.error().code, ErrorCode::not_found);
}

TEST_F(EventsTest, LongRunIsFoldedWhileItGoesOn) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));

    std::string text;
    for (int i = 0; i < 30; ++i) {
        Collector::Batches deltas;
        for (int j = 0; j < 20; ++j) {
            text += std::to_string(i) + " some words of the answer ";
            deltas.push_back(turn.delta(std::to_string(i) + " some words of the answer "));
        }
        commit_all(std::move(deltas));
    }

    EXPECT_TRUE(eventually([&] { return segments() > 0; }));
    const auto events = all_events(turn.run.interaction);
    EXPECT_TRUE(is_gapless(events));
    EXPECT_EQ(text_of(events), text);
}

TEST_F(EventsTest, EverythingOfAnEventIsKept) {
    open();
    Turn turn(InteractionId::make(), 1);
    commit(turn.begin(true));
    Event thought = make_event(EventKind::delta, "hm\xc3\xbc");
    thought.channel = Channel::reasoning;
    thought.attempt = 3;
    thought.extra = R"({"signature":"s"})";
    commit(turn.of({thought}));
    commit(turn.end(unix_ms()));
    ASSERT_TRUE(folded());

    const Event read = all_events(turn.run.interaction).at(2);

    EXPECT_EQ(read.body, thought.body);
    EXPECT_EQ(read.channel, Channel::reasoning);
    EXPECT_EQ(read.attempt, 3u);
    EXPECT_EQ(read.extra, thought.extra);
    EXPECT_EQ(read.created_at_ms, thought.created_at_ms);
}

TEST_F(EventsTest, DamagedSegmentIsAnErrorAndNoEvents) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"a"}, unix_ms());
    close();
    execute(options.data_dir + "/patchbay.db",
            "UPDATE segments SET payload = substr(payload, 1, length(payload) - 3)");
    open();

    const auto read = store->events(id, 0, 100, 1000, std::nullopt);

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::storage);
}

TEST_F(EventsTest, ReaderBesideTheServerSeesLiveRuns) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"a"}, unix_ms());
    Turn live(id, 2);
    commit(live.begin(false));
    commit(live.delta("b"));
    StoreOptions beside = options;
    beside.read_only = true;

    const auto reader = open_sqlite_store(beside);
    ASSERT_TRUE(reader) << reader.error().message;
    const auto before = (*reader)->events(id, 0, 100, 1000, std::nullopt);
    commit(live.delta("c"));
    const auto after = (*reader)->events(id, before->read_to, 100, 1000, std::nullopt);

    EXPECT_TRUE(is_gapless(before->events));
    EXPECT_EQ(text_of(before->events), "ab");
    ASSERT_EQ(after->events.size(), 1u);
    EXPECT_EQ(after->events[0].seq, 9u);
    EXPECT_EQ((*reader)->insert_interaction({}).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace patchbay
