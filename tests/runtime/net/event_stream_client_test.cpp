#include "tests/runtime/net/event_stream_fixture.hpp"

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

using EventStreamClientTest = EventStreamTest;

TEST_F(EventStreamClientTest, LeavingIsSeenBeforeTheHead) {
    LoopbackClient client = open_stream();

    client.close();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
    on_lane([&] {
        EXPECT_TRUE(stream->gone());
        stream->send_head({});
        stream->add("data: 1\n\n");
        stream->flush();
        EXPECT_EQ(stream->pending_bytes(), 0u);
        EventStream::finish(std::move(stream));
    });
    EXPECT_EQ(listener.gone, 1);
    EXPECT_EQ(gate->counters().open, 0u);
}

TEST_F(EventStreamClientTest, LeavingIsSeenInMidStreamWithoutAWrite) {
    LoopbackClient client = open_stream();
    send_head();
    send_event("data: 1\n\n");
    client.read_until("data: 1\n\n");

    client.close();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(EventStreamClientTest, EndingItsHalfIsLeaving) {
    LoopbackClient client = open_stream();
    send_head();

    client.end_writing();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(EventStreamClientTest, AListenerThatComesLateHearsOfTheLeaving) {
    LoopbackClient client = open_stream();
    on_lane([&] { stream->listen(nullptr); });
    client.close();
    ASSERT_TRUE(eventually([&] { return gate->counters().open == 0; }));

    on_lane([&] {
        stream->listen(&listener);
        EXPECT_EQ(listener.gone, 0);  // never from inside
    });

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(EventStreamClientTest, AListenerThatLeavesBeforeTheCallIsNotCalled) {
    LoopbackClient client = open_stream();
    on_lane([&] { stream->listen(nullptr); });
    client.close();
    ASSERT_TRUE(eventually([&] { return gate->counters().open == 0; }));

    on_lane([&] {
        stream->listen(&listener);
        stream->listen(nullptr);
    });
    on_lane([] {});
    on_lane([&] {
        stream->listen(&listener);
        stream.reset();
    });
    on_lane([] {});

    EXPECT_EQ(listener.gone, 0);
}

TEST_F(EventStreamClientTest, AListenerMayDestroyTheStreamFromItsCall) {
    options.full_bytes = 32 * 1024;
    LoopbackClient client = open_stream(stream_request, 4096);
    on_lane([&] { listener.then = [&] { stream.reset(); }; });
    send_head();
    fill();

    client.read_to_end();

    EXPECT_EQ(listener.drained, 1);
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(EventStreamClientTest, ASlowReaderFillsABoundedBufferAndTheOwnerHearsWhenItHasRoom) {
    LoopbackClient client = open_stream(stream_request, 4096);
    send_head();
    fill();
    const size_t pending_when_full = pending();
    EXPECT_GE(pending_when_full, options.full_bytes);
    EXPECT_LT(pending_when_full, options.full_bytes + 20 * 1024);

    // Byte by byte: the owner is called once, when half the buffer is free.
    size_t received = 0;
    while (listener.drained == 0 && received < (8u << 20)) {
        ASSERT_EQ(client.read_bytes(1).size(), 1u);
        ++received;
    }

    EXPECT_EQ(listener.drained, 1);
    EXPECT_LT(pending(), options.full_bytes / 2);
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(EventStreamClientTest, ManyEventsArriveWholeAndInOrderAtASlowReader) {
    std::string sent;
    int next = 0;
    const auto produce = [&] {  // [lane]
        while (!stream->full() && next < 20000) {
            const std::string event = "data: " + std::to_string(next++) + "\n\n";
            stream->add(event);
            sent += event;
        }
        stream->flush();
        if (next == 20000) EventStream::finish(std::move(stream));
    };
    options.full_bytes = 20 * 1024;
    LoopbackClient client = open_stream("GET /s HTTP/1.0\r\n\r\n", 4096);
    on_lane([&] {
        listener.then = [&] {
            if (stream) produce();
        };
        stream->send_head({});
        produce();
    });

    client.read_until("\r\n\r\n");
    const std::string received = client.read_to_end();
    on_lane([&] { listener.then = nullptr; });

    EXPECT_EQ(received, sent);
    EXPECT_GT(listener.drained, 0);
}

TEST_F(EventStreamClientTest, AStalledClientIsGoneAfterTheTimeoutAndNotBefore) {
    options.stall_timeout = 200ms;
    options.heartbeat = 20ms;  // must not be added behind what is pending
    LoopbackClient client = open_stream(stream_request, 4096);
    send_head();
    const auto start = Clock::now();
    fill();
    const size_t before = pending();

    ASSERT_TRUE(eventually([&] { return listener.gone == 1; }));

    EXPECT_GE(Clock::now() - start, 200ms);
    EXPECT_LT(Clock::now() - start, 5s);
    EXPECT_GT(before, 0u);
    EXPECT_EQ(pending(), 0u);
}

TEST_F(EventStreamClientTest, APipelinedRequestIsServedAfterTheStream) {
    LoopbackClient client = open_stream();
    send_head();
    client.send(plain_request);
    client.read_until("\r\n\r\n");

    send_event("data: 1\n\n");
    finish();

    EXPECT_EQ(client.read_until("0\r\n\r\n"), "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
    EXPECT_TRUE(client.read_response().ends_with("plain"));
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(EventStreamClientTest, ALargePipelinedRequestWaitsInTheKernelWithoutSpinning) {
    LoopbackClient client = open_stream();
    send_head();
    client.read_until("\r\n\r\n");
    const std::string body(64 * 1024, 'b');
    client.send("POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + body);

    EXPECT_LT(turns_of_an_idle_lane(), 50);
    finish();

    EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
    EXPECT_TRUE(client.read_response().ends_with("plain"));
}

TEST_F(EventStreamClientTest, LeavingIsSeenBehindALargePipelinedRequest) {
    LoopbackClient client = open_stream();
    client.send(std::string(64 * 1024, 'b'));

    client.close();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(EventStreamClientTest, FinishFlushesToASlowClientAndThenTheNextRequestIsServed) {
    LoopbackClient client = open_stream(stream_request, 4096);
    send_head();
    fill();
    ASSERT_GT(pending(), 0u);

    finish();
    client.send(plain_request);

    const std::string rest = client.read_until("\r\n0\r\n\r\n");
    EXPECT_TRUE(rest.ends_with("x\r\n0\r\n\r\n"));
    EXPECT_TRUE(client.read_response().ends_with("plain"));
}

TEST_F(EventStreamClientTest, AClientThatNeverReadsAFinishedStreamIsCutOff) {
    LoopbackClient client = open_stream(stream_request, 4096);
    send_head();
    fill();

    finish();

    EXPECT_TRUE(eventually([&] { return gate->counters().open == 0; }));
    EXPECT_EQ(client.read_to_end().find("\r\n0\r\n\r\n"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::net
