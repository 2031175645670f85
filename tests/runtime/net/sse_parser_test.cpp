#include "runtime/net/sse_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace patchbay::net {
namespace {

using namespace std::string_literals;

struct Event {
    std::string name, id, data;
    bool operator==(const Event&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
    return out << "{name=" << event.name << " id=" << event.id << " data=" << event.data << "}";
}

// Feeds `text` in pieces of `step` bytes; `ended` says whether finish() is called.
std::vector<Event> parse(const std::string& text, size_t step, bool ended = true) {
    std::vector<Event> events;
    SseParser::OnEvent collect = [&](auto name, auto id, auto data) {
        events.push_back({std::string(name), std::string(id), std::string(data)});
    };
    SseParser parser(1 << 20);
    for (size_t at = 0; at < text.size(); at += step)
        EXPECT_TRUE(parser.feed(std::string_view(text).substr(at, step), collect));
    EXPECT_TRUE(!ended || parser.finish(collect));
    return events;
}

struct Vector {
    const char* name;
    std::string text;
    std::vector<Event> events;
};

class SseVectors : public testing::TestWithParam<Vector> {};

TEST_P(SseVectors, GiveTheSameEventsHoweverTheBytesArrive) {
    const auto& [name, text, events] = GetParam();

    for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, text.size()})
        EXPECT_EQ(parse(text, step), events) << "in pieces of " << step;
}

INSTANTIATE_TEST_SUITE_P(
    Whatwg, SseVectors,
    testing::Values(
        Vector{"TwoDataLines", "data: a\ndata: b\n\n", {{"", "", "a\nb"}}},
        Vector{"NoSpace", "data:a\n\n", {{"", "", "a"}}},
        Vector{"OneSpaceOnly", "data:  a\n\n", {{"", "", " a"}}},
        Vector{"NameWithoutData", "event: x\n\ndata: y\n\n", {{"", "", "y"}}},
        Vector{"IdIsKept", "id: 7\n\ndata: y\n\n", {{"", "7", "y"}}},
        Vector{
            "EmptyIdResets", "id: 7\ndata: x\n\nid\ndata: y\n\n", {{"", "7", "x"}, {"", "", "y"}}},
        Vector{"IdWithNulIsIgnored", "id: 7\nid: 8\0\ndata: y\n\n"s, {{"", "7", "y"}}},
        Vector{"CommentOnly", ": hb\n\n", {}},
        Vector{"CommentInBlock", ": hb\ndata: x\n:\n\n", {{"", "", "x"}}},
        Vector{"AllLineEnds",
               "data: x\r\rdata: y\r\n\r\ndata: z\n\n",
               {{"", "", "x"}, {"", "", "y"}, {"", "", "z"}}},
        Vector{"CrLfInsideBlock", "event: n\r\ndata: x\r\ndata: y\r\n\r\n", {{"n", "", "x\ny"}}},
        Vector{"DataWithoutColon", "data\n\n", {{"", "", ""}}},
        Vector{"TwoEmptyDataLines", "data:\ndata:\n\n", {{"", "", "\n"}}},
        Vector{
            "NameIsPerEvent", "event: a\ndata: x\n\ndata: y\n\n", {{"a", "", "x"}, {"", "", "y"}}},
        Vector{"UnknownFields", "retry: 10\nfoo: x\nDATA: no\n\n", {}},
        Vector{"ByteOrderMark",
               "\xEF\xBB\xBF"
               "data: x\n\n",
               {{"", "", "x"}}},
        Vector{"OnlyOneByteOrderMark", "data: \xEF\xBB\xBFx\n\n", {{"", "", "\xEF\xBB\xBFx"}}},
        Vector{"LineSeparatorIsText", "data: a\u2028b\u0085c\n\n", {{"", "", "a\u2028b\u0085c"}}},
        Vector{"ColonsInValue", "data: {\"a\":1}\n\n", {{"", "", "{\"a\":1}"}}},
        Vector{"LastEventWithoutBlankLine", "data: x\n\ndata: y", {{"", "", "x"}, {"", "", "y"}}}),
    [](const auto& param) { return param.param.name; });

TEST(SseParser, DispatchesOnABlankLineEndedByCrWithoutWaitingForMore) {
    EXPECT_EQ(parse("data: x\r\r", 1, false).size(), 1u);
}

TEST(SseParser, HoldsAnUnfinishedEventUntilTheEnd) {
    EXPECT_TRUE(parse("data: x\n", 1, false).empty());
}

TEST(SseParser, RefusesALineBeyondTheLimitAlsoWhenItHasNoEnd) {
    SseParser::OnEvent ignore = [](auto, auto, auto) {};
    SseParser ended(16);
    SseParser endless(16);

    EXPECT_FALSE(ended.feed("data: 0123456789abcdef\n", ignore));
    EXPECT_TRUE(endless.feed("data: 012345", ignore));
    EXPECT_FALSE(endless.feed("6789abcdef", ignore));
}

TEST(SseParser, RefusesAnEventWhoseLinesAreTooLargeTogether) {
    SseParser::OnEvent ignore = [](auto, auto, auto) {};
    SseParser parser(32);

    EXPECT_TRUE(parser.feed("data: 0123456789\ndata: 0123456789\n", ignore));
    EXPECT_FALSE(parser.feed("data: 0123456789\n", ignore));
}

}  // namespace
}  // namespace patchbay::net
