#include "runtime/engine/run_output.hpp"
#include "runtime/engine/live_window.hpp"
#include "runtime/engine/usage.hpp"

#include <gtest/gtest.h>

namespace patchbay::engine {
namespace {

Event delta(const std::string& text, Channel channel = Channel::answer, uint32_t attempt = 1) {
    return {.attempt = attempt, .kind = EventKind::delta, .channel = channel, .body = text};
}

Batch taken(RunOutput& output) {
    Batch batch;
    output.take(batch);
    return batch;
}

class RunOutputTest : public testing::Test {
protected:
    RunOutput output{InteractionId::make(), RunId::make()};
};

TEST_F(RunOutputTest, DeltasOfOneChannelAndAttemptAreJoined) {
    output.add(delta("Hel"));
    output.add(delta("lo"));
    output.add(delta("hm", Channel::reasoning));
    output.add(delta("again", Channel::reasoning, 2));

    const auto batch = taken(output);

    ASSERT_EQ(batch.events.size(), 3u);
    EXPECT_EQ(batch.events[0].body, "Hello");
}

TEST_F(RunOutputTest, JoinedDeltasStayBelow4KiB) {
    output.add(delta(std::string(4000, 'a')));
    output.add(delta(std::string(200, 'b')));

    EXPECT_EQ(taken(output).events.size(), 2u);
}

TEST_F(RunOutputTest, EventsWithoutATextCountToo) {
    for (int i = 0; i < 100; ++i) output.add(delta("", Channel(i % 2)));
    const auto open = output.open_bytes();

    auto refused = taken(output);
    EXPECT_EQ(output.open_bytes(), 0u);
    output.take_back(refused);

    EXPECT_GE(open, 100u * 64);
    EXPECT_EQ(output.open_bytes(), open);
}

TEST_F(RunOutputTest, ARefusedBatchIsOpenAgainInFrontOfWhatCameSince) {
    output.add(delta("first"));
    auto refused = taken(output);
    output.add({.kind = EventKind::run_completed, .body = "{}"});
    output.add(Projection(InsertMessage{{}, 0}));

    output.take_back(refused);
    const auto batch = taken(output);

    ASSERT_EQ(batch.events.size(), 2u);
    EXPECT_EQ(batch.events[0].body, "first");
    EXPECT_EQ(std::get<InsertMessage>(batch.projections[0]).event, 1u);  // its event has moved
}

TEST(LiveWindowTest, FindsEventsBySeqUntilTheyAreTrimmed) {
    LiveWindow window;
    for (uint64_t seq = 1; seq <= 100; ++seq)
        window.push({.seq = seq, .body = std::to_string(seq)});

    ASSERT_NE(window.find(1), nullptr);
    window.trim(100);

    EXPECT_EQ(window.find(1), nullptr);
    ASSERT_NE(window.find(100), nullptr);
    EXPECT_EQ(window.find(100)->body, "100");
    EXPECT_EQ(window.find(101), nullptr);
}

TEST(LiveWindowTest, AGapStartsTheWindowAnew) {
    LiveWindow window;
    window.push({.seq = 1});

    window.push({.seq = 5});

    EXPECT_EQ(window.find(1), nullptr);
    EXPECT_NE(window.find(5), nullptr);
}

TEST(LiveWindowTest, ReadersThatLagDoNotMakeItGrowWithoutBound) {
    LiveWindow window;

    for (uint64_t seq = 1; seq <= 1000; ++seq) {
        window.push({.seq = seq, .body = std::string(1024, 'x')});
        window.trim(0);
    }

    EXPECT_LT(window.size(), 300u);
}

TEST(LiveWindowTest, AReaderThatLaggedAndCaughtUpFindsTheNewestEvents) {
    LiveWindow window;
    for (uint64_t seq = 1; seq <= 200; ++seq)
        window.push({.seq = seq, .body = std::to_string(seq)});

    window.trim(200);
    for (uint64_t seq = 201; seq <= 300; ++seq) {
        window.push({.seq = seq, .body = std::to_string(seq)});
        window.trim(seq);
        ASSERT_NE(window.find(seq - 1), nullptr);
        ASSERT_EQ(window.find(seq - 1)->body, std::to_string(seq - 1));
        ASSERT_EQ(window.find(seq)->body, std::to_string(seq));
    }
}

TEST(UsageTest, PointsAreRoundedUp) {
    EXPECT_EQ(points_cost({.prompt_tokens = 100, .completion_tokens = 1}, 10), 2u);
    EXPECT_EQ(points_cost({}, 10), 0u);
    EXPECT_EQ(points_cost({.prompt_tokens = UINT64_MAX / 2}, 1000), UINT64_MAX / 2);
}

TEST(UsageTest, CostIsUnknownWhereAPriceIsMissing) {
    const Usage usage{.prompt_tokens = 1000, .completion_tokens = 100, .cached_tokens = 400};

    EXPECT_FALSE(cost_micros(usage, {.input_price = 1}).has_value());
    EXPECT_EQ(
        cost_micros(usage,
                    {.input_price = 2'000'000, .output_price = 8'000'000, .cached_price = 500'000}),
        1200 + 200 + 800);
}

}  // namespace
}  // namespace patchbay::engine
