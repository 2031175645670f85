#include "tests/runtime/net/gate_fixture.hpp"

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

struct BadRequest {
    const char* name;
    std::string bytes;
};

class SmugglingTest : public GateTest, public ::testing::WithParamInterface<BadRequest> {};

TEST_P(SmugglingTest, IsRefusedAndNothingAfterItIsRead) {
    start();

    // Without an end the gate would wait for more; what follows must not be taken for a request.
    const std::string answer = whole_answer(GetParam().bytes + get_request);

    EXPECT_TRUE(has_status(answer, 400)) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
    EXPECT_EQ(gate->counters().requests, 0u);
}

std::string post(const std::string& headers, const std::string& body = "") {
    return "POST / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    Gate, SmugglingTest,
    ::testing::Values(
        BadRequest{"DifferingLengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab")},
        BadRequest{"TheSameLengthTwice", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a")},
        BadRequest{"AListOfLengths", post("Content-Length: 1, 1\r\n", "a")},
        BadRequest{"ANegativeLength", post("Content-Length: -1\r\n")},
        BadRequest{"APlusLength", post("Content-Length: +1\r\n", "a")},
        BadRequest{"AHexLength", post("Content-Length: 0x1\r\n", "a")},
        BadRequest{"AnEmptyLength", post("Content-Length:\r\n")},
        BadRequest{"AHugeLength", post("Content-Length: 99999999999999999999\r\n")},
        BadRequest{"LengthAndCoding",
                   post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
        BadRequest{"CodingAndLength",
                   post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
        BadRequest{"UnknownCoding", post("Transfer-Encoding: gzip\r\n")},
        BadRequest{"UnknownCodingAndLength",
                   post("Transfer-Encoding: xchunked\r\nContent-Length: 1\r\n", "a")},
        BadRequest{"TwoCodings", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
        BadRequest{"ChunkedInBetween", post("Transfer-Encoding: chunked, identity\r\n")},
        BadRequest{"ChunkedTwice",
                   post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        BadRequest{"QuotedCoding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
        BadRequest{"CodingInHttp10",
                   "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"SpaceBeforeColon", post("Content-Length : 1\r\n", "a")},
        BadRequest{"FoldedHeader", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
        BadRequest{"FoldedByTab", post("A: b\r\n\tc\r\n")},
        BadRequest{"BareLf", "GET / HTTP/1.1\nHost: x\n\n"},
        BadRequest{"BareLfInHeader", post("A: b\nContent-Length: 1\r\n", "a")},
        BadRequest{"BareCrInHeader", post("A: b\rContent-Length: 1\r\n")},
        BadRequest{"NulInTarget", std::string("GET /\0a HTTP/1.1\r\nHost: x\r\n\r\n", 29)},
        BadRequest{"NulInHeader", post(std::string("A: b\0c\r\n", 8))},
        BadRequest{"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadRequest{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        BadRequest{"NoHost", "GET / HTTP/1.1\r\n\r\n"},
        BadRequest{"HeaderWithoutColon", post("Nonsense\r\n")},
        BadRequest{"EmptyHeaderName", post(": x\r\n")}, BadRequest{"Http09", "GET /\r\n\r\n"},
        BadRequest{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        BadRequest{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8)},
        BadRequest{"NoChunkSize", post("Transfer-Encoding: chunked\r\n", "xyz\r\n")},
        BadRequest{"HugeChunkSize",
                   post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n")},
        BadRequest{"ChunkLongerThanItSays",
                   post("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n")},
        BadRequest{"NegativeChunkSize", post("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n")},
        BadRequest{"BareLfAfterChunkSize",
                   post("Transfer-Encoding: chunked\r\n", "1\na\r\n0\r\n\r\n")},
        BadRequest{"EndlessChunkExtension",
                   post("Transfer-Encoding: chunked\r\n", "1;" + std::string(40000, 'a'))},
        BadRequest{"EndlessTrailers",
                   post("Transfer-Encoding: chunked\r\n", "0\r\nA: " + std::string(100000, 'a'))}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace patchbay::net
