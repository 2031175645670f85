#include "runtime/net/request_reader.hpp"

#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

const std::string chunked_head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

// The body of a request whose bytes come in these pieces; "failed" when it is refused or has no
// end.
std::string body_of(std::initializer_list<std::string_view> pieces) {
    RequestReader reader(1024, 1024);
    std::string waiting;
    for (const auto piece : pieces) {
        if (piece.empty()) continue;
        waiting += piece;
        waiting.erase(0, reader.feed(waiting));
        if (reader.stage() == RequestReader::Stage::failed) return "failed";
    }
    if (reader.stage() != RequestReader::Stage::done) return "failed";
    return waiting.empty() ? reader.take_body() : "failed";
}

// Found by a fuzzer: Beast's own assertion ended the server.
TEST(RequestReaderTest, ALastChunkThatComesInPiecesIsTheEndOfTheBody) {
    const std::vector<std::pair<std::string, std::string>> bodies{
        {"0\r\n\r\n", ""},
        {"00;x=y\r\nTrailer: z\r\n\r\n", ""},
        {"3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"1\r\na\r\n2\r\nbc\r\n0\r\nT: v\r\n\r\n", "abc"}};
    for (const auto& [body, expected] : bodies) {
        const std::string request = chunked_head + body;
        for (size_t first = chunked_head.size(); first <= request.size(); ++first) {
            for (size_t second = first; second <= request.size(); ++second) {
                const std::string_view view(request);
                EXPECT_EQ(body_of({view.substr(0, first), view.substr(first, second - first),
                                   view.substr(second)}),
                          expected)
                    << "cut at " << first << " and " << second << " of " << request;
            }
        }
    }
}

TEST(RequestReaderTest, AChunkedBodyThatComesByteByByteIsWhole) {
    RequestReader reader(1024, 1024);
    std::string waiting;
    for (const char byte : chunked_head + "5\r\nhello\r\n0\r\n\r\n") {
        ASSERT_NE(reader.stage(), RequestReader::Stage::done);
        waiting += byte;
        waiting.erase(0, reader.feed(waiting));
        ASSERT_NE(reader.stage(), RequestReader::Stage::failed);
    }

    ASSERT_EQ(reader.stage(), RequestReader::Stage::done);
    EXPECT_EQ(reader.take_body(), "hello");
}

}  // namespace
}  // namespace patchbay::net
