#include "db/journal_row.hpp"
#include "db/payload.hpp"
#include "db/segment.hpp"

#include <gtest/gtest.h>

namespace patchbay {
namespace {

Event event_at(uint64_t seq, EventKind kind, std::string body) {
    Event event;
    event.seq = seq;
    event.kind = kind;
    event.created_at_ms = 1'700'000'000'000 + static_cast<int64_t>(seq);
    event.body = std::move(body);
    return event;
}

void expect_same(const std::vector<Event>& actual, const std::vector<Event>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
        EXPECT_EQ(actual[i].seq, expected[i].seq);
        EXPECT_EQ(actual[i].created_at_ms, expected[i].created_at_ms);
        EXPECT_EQ(actual[i].run, expected[i].run);
        EXPECT_EQ(actual[i].attempt, expected[i].attempt);
        EXPECT_EQ(actual[i].kind, expected[i].kind);
        EXPECT_EQ(actual[i].channel, expected[i].channel);
        EXPECT_EQ(actual[i].body, expected[i].body);
        EXPECT_EQ(actual[i].extra, expected[i].extra);
    }
}

// One of everything: gaps, attempts, channels, extras, a clock that goes back, empty and long text.
std::vector<Event> varied_events(const RunId& run) {
    std::vector<Event> events;
    for (int kind = 1; kind <= 20; ++kind) {
        events.push_back(event_at(static_cast<uint64_t>(kind) + 6, static_cast<EventKind>(kind),
                                  std::string(static_cast<size_t>(kind) * 40, 'x')));
    }
    events[3].attempt = 2;
    events[4].attempt = 2;
    events[5].channel = Channel::reasoning;
    events[6].extra = R"({"signature":"abc"})";
    events[7].body.clear();
    events[8].created_at_ms -= 5'000;
    events[19].seq += 1'000'000;
    for (Event& event : events) event.run = run;
    return events;
}

TEST(PayloadTest, APackedPayloadOpensOnlyWhereItIsExpected) {
    const std::string content(1000, 'x');
    std::string payload;
    begin_payload(payload);
    payload += content;
    pack_payload(payload);
    seal_payload(payload);

    std::string unpacked;
    EXPECT_LT(payload.size(), 100u);
    EXPECT_EQ(open_packable(payload, unpacked), content);
    EXPECT_EQ(open_payload(payload), std::nullopt);
    for (size_t at = 0; at < payload.size(); ++at) {
        auto damaged = payload;
        damaged[at] ^= 0x20;
        EXPECT_EQ(open_packable(damaged, unpacked), std::nullopt) << at;
    }
}

TEST(PayloadTest, WhatDoesNotShrinkStaysAsItIs) {
    std::string payload;
    begin_payload(payload);
    payload += "short";
    const auto before = payload;

    pack_payload(payload);

    EXPECT_EQ(payload, before);
}

TEST(SegmentTest, GivesBackWhatWasPutIn) {
    const RunId run = RunId::make();
    const auto events = varied_events(run);
    SegmentWriter writer;
    for (const Event& event : events) writer.append(event);

    std::vector<Event> read;
    const auto result = read_segment(writer.sealed(), run, writer.first_seq(), read);

    ASSERT_TRUE(result);
    EXPECT_EQ(writer.first_seq(), 7u);
    EXPECT_EQ(writer.last_seq(), events.back().seq);
    expect_same(read, events);
}

TEST(SegmentTest, EveryFlippedByteIsFound) {
    const RunId run = RunId::make();
    SegmentWriter writer;
    for (const Event& event : varied_events(run)) writer.append(event);
    const std::string whole(writer.sealed());

    for (size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        std::vector<Event> read;
        const auto result = read_segment(damaged, run, 7, read);
        ASSERT_FALSE(result) << "byte " << i;
        EXPECT_EQ(result.error().code, ErrorCode::storage);
    }
}

TEST(SegmentTest, EveryTornLengthIsFound) {
    const RunId run = RunId::make();
    SegmentWriter writer;
    for (const Event& event : varied_events(run)) writer.append(event);
    const std::string whole(writer.sealed());

    for (size_t size = 0; size < whole.size(); ++size) {
        std::vector<Event> read;
        EXPECT_FALSE(read_segment(whole.substr(0, size), run, 7, read)) << size << " bytes";
    }
}

TEST(JournalRowTest, GivesBackTheBlocksOfAllRuns) {
    const InteractionId first = InteractionId::make();
    const InteractionId second = InteractionId::make();
    const RunId run = RunId::make();
    const RunId other = RunId::make();
    const auto events = varied_events(run);
    std::vector<Event> token{event_at(900, EventKind::delta, "token")};
    token[0].run = other;
    JournalRowWriter writer;
    writer.append(first, run, events);
    writer.append(second, other, token);

    auto reader = JournalRowReader::open(writer.sealed(), 1);
    ASSERT_TRUE(reader);
    JournalBlock block;

    ASSERT_TRUE(reader->next(block).value());
    EXPECT_EQ(block.interaction, first);
    EXPECT_EQ(block.run, run);
    expect_same(block.events, events);
    ASSERT_TRUE(reader->next(block).value());
    EXPECT_EQ(block.interaction, second);
    expect_same(block.events, token);
    EXPECT_FALSE(reader->next(block).value());
}

TEST(JournalRowTest, TokenOfFiveBytesTakesAtMostFortyEight) {
    JournalRowWriter writer;
    for (uint64_t i = 0; i < 1000; ++i) {
        const std::vector<Event> token{event_at(300 + i % 3, EventKind::delta, "token")};
        writer.append(InteractionId::make(), RunId::make(), token);
    }

    EXPECT_LE(writer.size(), 48'000u);
}

TEST(JournalRowTest, TornRowIsAnErrorThatNamesIt) {
    JournalRowWriter writer;
    writer.append(InteractionId::make(), RunId::make(), varied_events(RunId::make()));
    const std::string whole(writer.sealed());

    const auto reader = JournalRowReader::open(whole.substr(0, whole.size() - 1), 77);

    ASSERT_FALSE(reader);
    EXPECT_NE(reader.error().message.find("row 77"), std::string::npos);
}

// The checksum says yes, and the content is nonsense all the same: still no crash, no event.
TEST(JournalRowTest, NonsenseUnderAValidChecksumIsAnError) {
    std::string payload;
    begin_payload(payload);
    payload += std::string(32, '\1') + "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x01" + "abc";
    seal_payload(payload);

    auto reader = JournalRowReader::open(payload, 5);
    ASSERT_TRUE(reader);
    JournalBlock block;

    EXPECT_FALSE(reader->next(block));
}

}  // namespace
}  // namespace patchbay
