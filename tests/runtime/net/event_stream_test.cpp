#include "tests/runtime/net/event_stream_fixture.hpp"

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

TEST_F(EventStreamTest, EachEventIsAChunkAndTheConnectionGoesOn) {
    LoopbackClient client = open_stream();
    std::string body;
    on_lane([&] { body = stream->body(); });

    send_head({{"X-Run-Id", "7"}});
    const std::string head = client.read_until("\r\n\r\n");
    send_event("data: one\n\n");
    const std::string one = client.read_until("\n\n\r\n");
    send_event(std::string(300, 'y'));
    const std::string two = client.read_bytes(307);
    finish();
    const std::string end = client.read_until("0\r\n\r\n");
    client.send(plain_request);
    const std::string next = client.read_response();

    EXPECT_EQ(body, "hi");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << head;
    for (const char* header :
         {"\r\nContent-Type: text/event-stream; charset=utf-8\r\n",
          "\r\nCache-Control: no-cache, no-transform\r\n", "\r\nX-Accel-Buffering: no\r\n",
          "\r\nTransfer-Encoding: chunked\r\n", "\r\nConnection: keep-alive\r\n",
          "\r\nX-Run-Id: 7\r\n"})
        EXPECT_NE(head.find(header), std::string::npos) << header;
    EXPECT_EQ(one, "b\r\ndata: one\n\n\r\n");
    EXPECT_EQ(two, "12c\r\n" + std::string(300, 'y') + "\r\n");
    EXPECT_EQ(end, "0\r\n\r\n");
    EXPECT_TRUE(next.ends_with("\r\n\r\nplain")) << next;
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(EventStreamTest, NothingIsWrittenBeforeFlushBut16KiB) {
    LoopbackClient client = open_stream();

    size_t small = 0, large = 0;
    on_lane([&] {
        stream->send_head({});
        stream->add("data: 1\n\n");
        small = stream->pending_bytes();
        stream->add(std::string(16 * 1024, 'x'));
        large = stream->pending_bytes();
    });

    EXPECT_GT(small, 100u);
    EXPECT_EQ(large, 0u);
}

TEST_F(EventStreamTest, OverHttp10BytesArePlainAndTheEndIsTheClose) {
    LoopbackClient client = open_stream("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

    send_head();
    send_event("data: 1\n\n");
    finish();

    const std::string all = client.read_to_end();
    EXPECT_TRUE(all.ends_with("\r\n\r\ndata: 1\n\n")) << all;
    EXPECT_EQ(all.find("chunked"), std::string::npos);
    EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
    EXPECT_FALSE(client.was_reset());
}

TEST_F(EventStreamTest, AClientThatAskedForCloseGetsIt) {
    LoopbackClient client = open_stream("GET /s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

    send_head();
    finish();

    const std::string all = client.read_to_end();
    EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos) << all;
    EXPECT_TRUE(all.ends_with("0\r\n\r\n"));
}

TEST_F(EventStreamTest, ASilentStreamGetsAHeartbeatAsAChunkOfItsOwn) {
    options.heartbeat = 50ms;
    const auto start = Clock::now();
    LoopbackClient client = open_stream();
    send_head();
    client.read_until("\r\n\r\n");

    const std::string pings = client.read_bytes(2 * 13);

    EXPECT_EQ(pings, "8\r\n: ping\n\n\r\n8\r\n: ping\n\n\r\n");
    EXPECT_GE(Clock::now() - start, 100ms);
}

TEST_F(EventStreamTest, ThereIsNoHeartbeatBeforeTheHead) {
    options.heartbeat = 10ms;
    LoopbackClient client = open_stream();
    std::promise<void> later;
    on_lane([&] { lane.loop().after(60ms, [&] { later.set_value(); }); });
    ASSERT_EQ(later.get_future().wait_for(wait_limit), std::future_status::ready);

    on_lane([&] { stream->reply({.status = 404, .body = "none"}); });

    EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 404 "));
}

TEST_F(EventStreamTest, AHeadThatItsOwnerForgotToFlushIsNotTheClientsFault) {
    options.stall_timeout = 20ms;
    LoopbackClient client = open_stream();

    on_lane([&] { stream->send_head({}); });

    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(EventStreamTest, AStreamThatIsDestroyedEndsWithoutTheFinalChunk) {
    LoopbackClient client = open_stream();
    send_head();
    send_event("data: 1\n\n");

    on_lane([&] { stream.reset(); });

    const std::string all = client.read_to_end();
    EXPECT_TRUE(all.ends_with("9\r\ndata: 1\n\n\r\n")) << all;
    EXPECT_EQ(gate->counters().open, 0u);
}

TEST_F(EventStreamTest, DestroyedBeforeItsHeadTheClientGets500) {
    LoopbackClient client = open_stream();

    on_lane([&] { stream.reset(); });

    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 500 "));
}

TEST_F(EventStreamTest, OneWholeResponseInsteadOfAStreamKeepsTheConnection) {
    LoopbackClient client = open_stream();

    on_lane([&] {
        stream->reply({.status = 409, .body = "busy"});
        stream.reset();
    });
    const std::string refused = client.read_response();
    client.send(plain_request);

    EXPECT_TRUE(refused.starts_with("HTTP/1.1 409 ")) << refused;
    EXPECT_TRUE(refused.ends_with("busy"));
    EXPECT_TRUE(client.read_response().ends_with("plain"));
}

TEST_F(EventStreamTest, HeaderValuesCannotBeginAnotherHeader) {
    LoopbackClient client = open_stream();

    send_head({{"X-A", "1\r\nX-Evil: 2"}, {"X-B\r\nX-Evil", "3"}});

    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find("\r\nX-A: 1  X-Evil: 2\r\n"), std::string::npos) << head;
    EXPECT_EQ(head.find("\r\nX-Evil"), std::string::npos);
}

TEST_F(EventStreamTest, TheBodysMemoryGoesWithTheHead) {
    LoopbackClient client = open_stream();

    on_lane([&] {
        stream->send_head({});
        EXPECT_TRUE(stream->body().empty());
    });
}

TEST_F(EventStreamTest, ConnectionsOutliveTheGatesThread) {
    LoopbackClient client = open_stream();
    send_head();
    gate->stop();

    send_event("data: 1\n\n");
    finish();

    EXPECT_TRUE(client.read_to_end().ends_with("9\r\ndata: 1\n\n\r\n0\r\n\r\n"));
}

}  // namespace
}  // namespace patchbay::net
