// Answers, whole and cut into pieces anywhere.
#include "runtime/net/response_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace patchbay::net {
namespace {

using Found = ResponseReader::Found;
using Fault = ResponseReader::Fault;

constexpr size_t head_limit = 1024;

struct Outcome {
    Found last = Found::more;
    Fault fault = Fault::none;
    int heads = 0;
    int status = 0;
    std::string headers;  // "Name=value;", in their order
    std::string body;
    std::string rest;  // behind the answer
    bool keeps_connection = false;

    bool operator==(const Outcome&) const = default;
};

// Takes all that has come; true while more is to come.
bool take(ResponseReader& reader, std::string_view& bytes, Outcome& outcome) {
    while (true) {
        outcome.last = reader.next(bytes);
        switch (outcome.last) {
            case Found::more: return true;
            case Found::head:
                ++outcome.heads;
                outcome.status = reader.head().status;
                for (const auto& [name, value] : reader.head().headers)
                    outcome.headers += std::string(name) + "=" + std::string(value) + ";";
                break;
            case Found::body: outcome.body += reader.body(); break;
            case Found::end: outcome.keeps_connection = reader.keeps_connection(); return false;
            case Found::failed: outcome.fault = reader.fault(); return false;
        }
    }
}

// What is read of `text`, cut before these positions; with `close`, the upstream closes behind it.
Outcome read(std::string_view text, std::vector<size_t> cuts, bool close, bool head = false) {
    ResponseReader reader(head_limit);
    reader.begin(head);
    Outcome outcome;
    cuts.push_back(text.size());
    size_t from = 0;
    bool goes_on = true;
    for (const size_t to : cuts) {
        if (!goes_on || to <= from) continue;
        // A copy: what was in the last piece must not be looked at any more.
        const std::string piece(text.substr(from, to - from));
        std::string_view bytes = piece;
        goes_on = take(reader, bytes, outcome);
        from = to - bytes.size();
    }
    if (goes_on && close) {
        outcome.last = reader.close();
        outcome.fault = reader.fault();
    }
    if (outcome.last == Found::end) outcome.rest = text.substr(from);
    return outcome;
}

// Whole, byte by byte and cut at each two places: the outcome is the same.
Outcome read_in_any_pieces(const std::string& text, bool close = false, bool head = false) {
    const Outcome whole = read(text, {}, close, head);
    std::vector<size_t> everywhere;
    for (size_t at = 1; at < text.size(); ++at) everywhere.push_back(at);
    EXPECT_EQ(read(text, everywhere, close, head), whole) << text;
    for (size_t first = 1; first < text.size(); ++first)
        for (size_t second = first; second < text.size(); ++second)
            if (read(text, {first, second}, close, head) != whole) {
                ADD_FAILURE() << "cut at " << first << " and " << second << " of " << text;
                return whole;
            }
    return whole;
}

std::string chunked(std::string_view body, std::string_view headers = "") {
    return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "Transfer-Encoding: chunked\r\n\r\n" +
           std::string(body);
}

std::string sized(std::string_view lengths, std::string_view body = "abc") {
    return "HTTP/1.1 200 OK\r\n" + std::string(lengths) + "\r\n" + std::string(body);
}

TEST(ResponseReaderTest, ASizedBodyEndsWithItsLength) {
    const auto outcome = read_in_any_pieces(sized("A: b\r\nContent-Length: 3\r\n", "abcHTTP"));

    EXPECT_EQ(outcome.last, Found::end);
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.headers, "A=b;Content-Length=3;");
    EXPECT_EQ(outcome.body, "abc");
    EXPECT_EQ(outcome.rest, "HTTP");
    EXPECT_TRUE(outcome.keeps_connection);
}

TEST(ResponseReaderTest, AChunkedBodyEndsBehindItsTrailers) {
    for (const std::string body :
         {"3\r\nabc\r\n0\r\n\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "3\nabc\n0\n\n",
          "3;x=\"y\"\r\nabc\r\n0;z\r\nT: v\r\nU: w\r\n\r\n",
          "003 \t\r\nabc\r\n000\r\nT:\r\n\r\n"}) {
        const auto outcome = read_in_any_pieces(chunked(body + "X"));

        EXPECT_EQ(outcome.last, Found::end) << body;
        EXPECT_EQ(outcome.body, "abc") << body;
        EXPECT_EQ(outcome.rest, "X") << body;
        EXPECT_EQ(outcome.headers, "Transfer-Encoding=chunked;") << body;
        EXPECT_TRUE(outcome.keeps_connection) << body;
    }
}

TEST(ResponseReaderTest, ChunkSizesAreHexadecimalInEitherCase) {
    const std::string text(0xAb, 'x');

    EXPECT_EQ(read(chunked("aB\r\n" + text + "\r\n0\r\n\r\n"), {}, false).body, text);
}

TEST(ResponseReaderTest, ABodyWithoutALengthEndsWithTheConnection) {
    for (const std::string head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"}) {
        EXPECT_EQ(read_in_any_pieces(head + "abc").last, Found::more);
        const auto outcome = read_in_any_pieces(head + "abc", true);

        EXPECT_EQ(outcome.last, Found::end);
        EXPECT_EQ(outcome.body, "abc");
        EXPECT_FALSE(outcome.keeps_connection);
    }
}

TEST(ResponseReaderTest, WhatBreaksOffInABodyIsAFaultOfTheBody) {
    for (const auto& text :
         {sized("Content-Length: 4\r\n"), chunked(""), chunked("3"), chunked("3\r\n"),
          chunked("3\r\nabc"), chunked("3\r\nabc\r\n"), chunked("3\r\nabc\r\n0"),
          chunked("3\r\nabc\r\n0\r\n"), chunked("3\r\nabc\r\n0\r\nT: x\r\n"),
          chunked("3\r\nabc\r\n0\r\n\r")}) {
        const auto outcome = read_in_any_pieces(text, true);

        EXPECT_EQ(outcome.last, Found::failed) << text;
        EXPECT_EQ(outcome.fault, Fault::body) << text;
        EXPECT_EQ(outcome.heads, 1) << text;
    }
}

TEST(ResponseReaderTest, WhatBreaksOffInAHeadIsAFaultOfTheHead) {
    for (const std::string text :
         {"", "H", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n",
          "HTTP/1.1 200 OK\r\nA: b\r\n\r", "HTTP/1.1 103 Early\r\n\r\n"}) {
        const auto outcome = read_in_any_pieces(text, true);

        EXPECT_EQ(outcome.fault, Fault::head) << text;
        EXPECT_EQ(outcome.heads, 0) << text;
    }
}

TEST(ResponseReaderTest, MalformedChunksAreFaultsOfTheBody) {
    for (const std::string body :
         {"x\r\n", " 3\r\nabc\r\n", "\r\n", ";x\r\n", "3x\r\nabc\r\n", "-3\r\nabc\r\n",
          "3\rabc\r\n", "3\r\nabcd\r\n", "3\r\nabc\rX", "1000000000000000\r\n", "0\r\n\rX",
          "0000000000000003\r\nabc\r\n"}) {
        const auto outcome = read_in_any_pieces(chunked(body + "0\r\n\r\n"));

        EXPECT_EQ(outcome.last, Found::failed) << body;
        EXPECT_EQ(outcome.fault, Fault::body) << body;
    }
}

TEST(ResponseReaderTest, ChunkExtensionsAndTrailersAreLimited) {
    const std::string much(100'000, 'x');

    for (const auto& body : {"3;" + much, "0\r\n" + much, "0\r\nT: " + much + "\r\n\r\n"})
        EXPECT_EQ(read(chunked(body), {}, false).fault, Fault::body);
}

TEST(ResponseReaderTest, SomeAnswersHaveNoBodyWhateverTheirHeadSays) {
    const std::string headers = "\r\nContent-Length: 3\r\n\r\n";
    for (const std::string status : {"204 No Content", "304 Not Modified"}) {
        const auto outcome = read_in_any_pieces("HTTP/1.1 " + status + headers + "X");

        EXPECT_EQ(outcome.last, Found::end) << status;
        EXPECT_EQ(outcome.rest, "X") << status;
        EXPECT_EQ(outcome.keeps_connection, status.starts_with("304")) << status;
    }
    for (const auto& text : {"HTTP/1.1 200 OK" + headers, chunked(""), sized("", "")}) {
        const auto outcome = read_in_any_pieces(text, false, true);

        EXPECT_EQ(outcome.last, Found::end) << text;
        EXPECT_EQ(outcome.body, "") << text;
    }
}

TEST(ResponseReaderTest, InterimAnswersAreLeftOut) {
    const auto outcome = read_in_any_pieces(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
        sized("Content-Length: 3\r\n"));

    EXPECT_EQ(outcome.heads, 1);
    EXPECT_EQ(outcome.headers, "Content-Length=3;");
    EXPECT_EQ(outcome.body, "abc");
}

TEST(ResponseReaderTest, AnotherProtocolIsNotSwitchedTo) {
    EXPECT_EQ(read_in_any_pieces("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc").fault,
              Fault::head);
}

TEST(ResponseReaderTest, WhatIsNotHttpIsRefusedAsSoonAsItShows) {
    for (const std::string text : {"S", "SSH-2.0-x", "HTTQ", "HTTP/2", "http/1.1 200 OK", "\r\n",
                                   " HTTP/1.1 200 OK", "ICY 200 OK", "\n"})
        EXPECT_EQ(read_in_any_pieces(text).fault, Fault::head) << text;
}

TEST(ResponseReaderTest, TheStatusLineIsTakenWithoutAReasonButNotOtherwiseMalformed) {
    for (const std::string line :
         {"HTTP/1.1 200", "HTTP/1.0 200 ", "HTTP/1.1 200 A B", "HTTP/1.1 999 X"})
        EXPECT_EQ(read_in_any_pieces(line + "\r\nContent-Length: 0\r\n\r\n").last, Found::end)
            << line;
    for (const std::string line :
         {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK",
          "HTTP/1.1 -20 OK", "HTTP/1.1  200 OK", "HTTP/1.2 200 OK", "HTTP/1.1\t200 OK",
          "HTTP/1.1 abc OK", "HTTP/1.10 200 OK", "HTTP/1.1 200OK"})
        EXPECT_EQ(read_in_any_pieces(line + "\r\nContent-Length: 0\r\n\r\n").fault, Fault::head)
            << line;
}

TEST(ResponseReaderTest, LinesMayEndWithLineFeedsAndBeFolded) {
    const auto outcome =
        read_in_any_pieces("HTTP/1.1 200 OK\nA:  b \n  c\r\n\td\r\nB:\nContent-Length: 3\n\nabc");

    EXPECT_EQ(outcome.last, Found::end);
    EXPECT_EQ(outcome.headers, "A=b    c  \td;B=;Content-Length=3;");
    EXPECT_EQ(outcome.body, "abc");
}

TEST(ResponseReaderTest, MalformedHeadersAreRefused) {
    using namespace std::string_literals;
    for (const auto& line : {"no colon"s, ": no name"s, "A B: c"s, "A : c"s, "\xff: c"s, "A: b\rc"s,
                             "A: b\0c"s, "A\0: b"s, " A: first and folded"s, "Content-Length : 3"s})
        EXPECT_EQ(read_in_any_pieces(sized(line + "\r\nContent-Length: 3\r\n")).fault, Fault::head)
            << line;
}

TEST(ResponseReaderTest, ALengthIsOneNumber) {
    for (const std::string same : {"Content-Length: 3\r\nContent-Length: 3\r\n",
                                   "content-length: 3 , 3\r\n", "Content-Length: 003\r\n"})
        EXPECT_EQ(read_in_any_pieces(sized(same)).last, Found::end) << same;
    for (const std::string wrong :
         {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3, 4\r\n",
          "Content-Length: -3\r\n", "Content-Length: +3\r\n", "Content-Length: 3x\r\n",
          "Content-Length: x\r\n", "Content-Length:\r\n", "Content-Length: 3,\r\n",
          "Content-Length: 0x3\r\n", "Content-Length: 99999999999999999999999\r\n"})
        EXPECT_EQ(read_in_any_pieces(sized(wrong)).fault, Fault::head) << wrong;
}

TEST(ResponseReaderTest, ChunkedIsTheOnlyTransferCodingThatIsUnderstood) {
    const std::string body = "3\r\nabc\r\n0\r\n\r\n";
    for (const std::string coding : {"CHUNKED", " chunked , identity", "chunked,"})
        EXPECT_EQ(read_in_any_pieces(sized("Transfer-Encoding: " + coding + "\r\n", body)).body,
                  "abc")
            << coding;
    for (const std::string coding : {"gzip, chunked", "gzip", "chunked, gzip", "chunkedx", "x"})
        EXPECT_EQ(read_in_any_pieces(sized("Transfer-Encoding: " + coding + "\r\n", body)).fault,
                  Fault::head)
            << coding;
}

TEST(ResponseReaderTest, AConnectionIsKeptUnlessSomethingSpeaksAgainstIt) {
    const auto keeps = [](const std::string& version, const std::string& headers) {
        return read_in_any_pieces("HTTP/" + version + " 200 OK\r\n" + headers +
                                  "Content-Length: 0\r\n\r\n")
            .keeps_connection;
    };
    EXPECT_TRUE(keeps("1.1", ""));
    EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
    EXPECT_TRUE(keeps("1.0", "Proxy-Connection: keep-alive\r\n"));
    EXPECT_FALSE(keeps("1.0", ""));
    EXPECT_FALSE(keeps("1.1", "Connection: Close\r\n"));
    EXPECT_FALSE(keeps("1.1", "Connection: x, close\r\nConnection: keep-alive\r\n"));
    EXPECT_FALSE(keeps("1.1", "Proxy-Connection: close\r\n"));
}

TEST(ResponseReaderTest, AnAnswerWithTwoLengthsIsTheLastOfItsConnection) {
    const auto outcome =
        read_in_any_pieces(chunked("3\r\nabc\r\n0\r\n\r\n", "Content-Length: 7\r\n"));

    EXPECT_EQ(outcome.body, "abc");
    EXPECT_FALSE(outcome.keeps_connection);
}

TEST(ResponseReaderTest, AHeadIsLimitedHoweverItComes) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: ";
    const std::string end = "\r\n\r\n";
    const std::string fits = head + std::string(head_limit - head.size() - end.size(), 'x') + end;
    std::vector<size_t> everywhere;
    for (size_t at = 1; at < fits.size(); ++at) everywhere.push_back(at);

    for (const auto& cuts : {std::vector<size_t>{}, everywhere}) {
        EXPECT_EQ(read(fits, cuts, false).last, Found::end);
        EXPECT_EQ(read(head + "x" + fits.substr(head.size()), cuts, false).fault,
                  Fault::head_too_large);
        EXPECT_EQ(read(head + std::string(head_limit, 'x'), cuts, false).fault,
                  Fault::head_too_large);
    }
}

TEST(ResponseReaderTest, ReadsOneAnswerAfterTheOther) {
    ResponseReader reader(head_limit);
    for (const auto& text : {sized("Content-Length: 3\r\n"), chunked("3\r\nabc\r\n0\r\n\r\n"),
                             sized("Connection: close\r\nContent-Length: 3\r\n")}) {
        Outcome outcome;
        std::string_view bytes = text;
        reader.begin(false);
        EXPECT_FALSE(reader.has_begun());

        EXPECT_FALSE(take(reader, bytes, outcome));

        EXPECT_EQ(outcome.body, "abc");
        EXPECT_TRUE(reader.has_begun() && reader.has_head());
        EXPECT_EQ(outcome.keeps_connection, text.find("close") == std::string::npos);
    }
}

}  // namespace
}  // namespace patchbay::net
