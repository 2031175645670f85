#include "tests/runtime/net/event_stream_fixture.hpp"
#include "tests/runtime/net/tls_client.hpp"
#include "tests/runtime/net/tls_files.hpp"
#include "tests/runtime/net/tls_record.hpp"

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class TlsStreamTest : public EventStreamTest {
protected:
    GateOptions gate_options() override {
        ignore_broken_pipes();
        auto made = EventStreamTest::gate_options();
        made.write_timeout = 5s;
        made.tls = std::make_shared<CurrentTls>(files.context());
        return made;
    }

    // Connects, asks, and waits for the stream.
    TlsClient open_tls_stream(const std::string& request = stream_request, int buffer = 0) {
        TlsClient client(gate->addresses()[0], buffer);
        const int before = streams;
        client.send(request);
        EXPECT_TRUE(eventually([&] { return streams > before; }));
        return client;
    }

    TlsFolder files;
};

TEST_F(TlsStreamTest, AStreamComesWholeAndTheConnectionGoesOn) {
    TlsClient client = open_tls_stream();
    send_head();
    for (int i = 0; i < 100; ++i) {
        send_event("data: " + std::to_string(i) + "\n\n");
        client.read_until("data: " + std::to_string(i) + "\n\n");
    }

    finish();

    EXPECT_EQ(client.read_until("0\r\n\r\n").substr(0, 2), "\r\n");
    client.send(plain_request);
    EXPECT_NE(client.read_response().find("plain"), std::string::npos);
}

TEST_F(TlsStreamTest, AClientThatReadsLateGetsEverything) {
    TlsClient client = open_tls_stream(stream_request, 4096);
    send_head();
    fill();
    const size_t waiting = pending();

    EXPECT_LT(waiting, 2 * options.full_bytes);
    on_lane([&] { EventStream::finish(std::move(stream)); });
    const std::string answer = client.read_until("0\r\n\r\n");

    EXPECT_TRUE(answer.ends_with("0\r\n\r\n"));
    const auto count = std::ranges::count(answer.substr(answer.find("\r\n\r\n")), 'x');
    EXPECT_GE(count, static_cast<long>(options.full_bytes));
    EXPECT_EQ(count % (16 * 1024), 0);
}

TEST_F(TlsStreamTest, TheOwnerHearsWhenAStalledClientReadsOn) {
    TlsClient client = open_tls_stream(stream_request, 4096);
    send_head();
    fill();

    for (int i = 0; i < 64 && listener.drained == 0; ++i) client.read_until("\r\n");

    EXPECT_TRUE(eventually([&] { return listener.drained > 0; }));
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(TlsStreamTest, AStalledClientsKeyUpdateNeitherStallsNorSpins) {
    TlsClient client = open_tls_stream(stream_request, 4096);
    send_head();
    fill();

    for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.update_key());

    EXPECT_LT(turns_of_an_idle_lane(), 50);
    on_lane([&] { EventStream::finish(std::move(stream)); });
    const std::string answer = client.read_until("0\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("0\r\n\r\n"));
    client.send(plain_request);
    EXPECT_NE(client.read_response().find("plain"), std::string::npos);
}

TEST_F(TlsStreamTest, AMessageThatStopsHalfwayHoldsUpTheStreamWithoutSpinning) {
    TlsClient client(gate->addresses()[0]);
    std::string secret;
    keep_client_secret(client, secret);
    ASSERT_TRUE(client.shake_hands());
    client.send(stream_request);
    ASSERT_TRUE(eventually([&] { return streams > 0; }));
    send_head();
    client.read_until("\r\n\r\n");
    const std::string key_update("\x18\x00\x00\x01\x00", 5);  // the server need not do the same

    client.wire().send(make_record(secret, 1, 22, key_update.substr(0, 4)));
    EXPECT_LT(turns_of_an_idle_lane(), 50);
    send_event("data: 1\n\n");  // OpenSSL wants the rest of the message first
    EXPECT_LT(turns_of_an_idle_lane(), 100);
    client.wire().send(make_record(secret, 2, 22, key_update.substr(4)));

    EXPECT_EQ(client.read_until("data: 1\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
    EXPECT_EQ(listener.gone, 0);
}

TEST_F(TlsStreamTest, RequestsThatCameMeanwhileAreAnsweredAfterIt) {
    TlsClient client = open_tls_stream();
    send_head();
    std::string requests;  // two records: the lane reads one, and the beginning of the other
    while (requests.size() < 15 * 1024) requests += plain_request;
    for (int i = 0; i < 2; ++i) client.send(requests);
    send_event("data: 1\n\n");
    client.read_until("data: 1\n\n");

    finish();

    client.read_until("0\r\n\r\n");
    for (size_t i = 0; i < 2 * requests.size() / plain_request.size(); ++i)
        ASSERT_NE(client.read_response().find("plain"), std::string::npos) << i;
}

TEST_F(TlsStreamTest, ARequestInTheSameRecordIsAnsweredAfterIt) {
    TlsClient client = open_tls_stream(stream_request + plain_request);
    send_head();

    finish();

    client.read_until("0\r\n\r\n");
    EXPECT_NE(client.read_response().find("plain"), std::string::npos);
}

TEST_F(TlsStreamTest, AFarewellIsLeaving) {
    TlsClient client = open_tls_stream();
    send_head();

    client.say_farewell();  // and keeps the TCP connection open

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(TlsStreamTest, AnEndWithoutAFarewellIsLeaving) {
    TlsClient client = open_tls_stream();
    send_head();

    client.wire().end_writing();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(TlsStreamTest, AResetIsLeaving) {
    TlsClient client = open_tls_stream();
    send_head();

    client.wire().reset();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(TlsStreamTest, BytesThatAreNoTlsEndTheStream) {
    TlsClient client = open_tls_stream();
    send_head();

    client.wire().send("GET / HTTP/1.1\r\n\r\n");

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
}

TEST_F(TlsStreamTest, AStreamThatIsDroppedEndsWithoutAFarewell) {
    TlsClient client = open_tls_stream();
    send_head();
    send_event("data: 1\n\n");
    client.read_until("data: 1\n\n");

    on_lane([&] { stream.reset(); });

    EXPECT_EQ(client.read_to_end().find("0\r\n\r\n"), std::string::npos);
    EXPECT_FALSE(client.ended_in_order());
}

TEST_F(TlsStreamTest, AClientThatNeverReadsIsDisconnected) {
    options.stall_timeout = 100ms;
    TlsClient client = open_tls_stream(stream_request, 4096);
    send_head();

    fill();

    EXPECT_TRUE(eventually([&] { return listener.gone == 1; }));
    EXPECT_EQ(gate->counters().open, 0u);
}

}  // namespace
}  // namespace patchbay::net
