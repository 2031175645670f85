#include "tests/runtime/net/gate_fixture.hpp"
#include "tests/runtime/net/tls_client.hpp"
#include "tests/runtime/net/tls_files.hpp"

#include <vector>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class TlsGateTest : public GateTest {
protected:
    void SetUp() override {
        GateTest::SetUp();
        ignore_broken_pipes();
        tls = std::make_shared<CurrentTls>(files.context({.serial = 1}));
    }

    void start_tls(GateOptions options = {}, Gate::Handler handler = echo) {
        options.tls = tls;
        start(std::move(options), std::move(handler));
    }

    TlsClient connect_tls(int receive_buffer = 0) {
        return TlsClient(gate->addresses().at(0), receive_buffer);
    }

    TlsFolder files;
    std::shared_ptr<CurrentTls> tls;
};

TEST_F(TlsGateTest, AddressesSayHttpsAndUnixSocketsStayPlain) {
    start_tls({.listen = {"127.0.0.1:0", "unix:" + folder + "/s"}});
    LoopbackClient local(gate->addresses().at(1));

    local.send(get_request);

    EXPECT_TRUE(gate->addresses()[0].starts_with("https://127.0.0.1:"));
    EXPECT_EQ(gate->addresses()[1], "unix:" + folder + "/s");
    EXPECT_TRUE(has_status(local.read_response(), 200));
}

TEST_F(TlsGateTest, AConnectionIsKeptForTheNextRequest) {
    start_tls();
    TlsClient client = connect_tls();

    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.send(get_request));
        EXPECT_EQ(body_of(client.read_response()), "GET /a ");
    }
    EXPECT_EQ(gate->counters().accepted, 1u);
}

TEST_F(TlsGateTest, RequestsOfOneRecordAreAllAnsweredInOrder) {
    start_tls();
    TlsClient client = connect_tls();
    std::string requests;
    for (int i = 0; i < 300; ++i)
        requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";

    client.send(requests);

    for (int i = 0; i < 300; ++i)
        ASSERT_EQ(body_of(client.read_response()), "GET /" + std::to_string(i) + " ");
}

TEST_F(TlsGateTest, LargeBodiesComeWholeBothWays) {
    start_tls();
    TlsClient client = connect_tls();
    std::string body(3 << 20, 'b');
    for (size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i % 26);

    client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);

    EXPECT_EQ(body_of(client.read_response()), "POST /p " + body);
}

TEST_F(TlsGateTest, AHandshakeMayComeByteByByte) {
    start_tls();
    TlsClient client = connect_tls();

    ASSERT_TRUE(client.shake_hands(1));
    client.send(get_request);

    EXPECT_EQ(body_of(client.read_response()), "GET /a ");
}

TEST_F(TlsGateTest, HalfAHandshakeHasTheTimeOfAHeadWhileOthersAreServed) {
    start_tls({.head_timeout = 100ms});
    TlsClient half = connect_tls(), between = connect_tls(), whole = connect_tls();
    const std::string hello = half.next_flight();
    half.wire().send(hello.substr(0, hello.size() / 2));
    between.wire().send(between.next_flight());  // and never answers the server's part
    ASSERT_TRUE(whole.shake_hands());

    EXPECT_TRUE(half.wire().at_end());
    EXPECT_EQ(between.wire().read_to_end().substr(0, 1), "\x16");
    whole.send(get_request);  // it was idle for as long, which has another limit
    EXPECT_TRUE(has_status(whole.read_response(), 200));
}

TEST_F(TlsGateTest, SilentClientsAreIdleBeforeAndAfterTheHandshake) {
    start_tls({.idle_timeout = 100ms});
    TlsClient silent = connect_tls(), done = connect_tls();
    ASSERT_TRUE(done.shake_hands());

    EXPECT_TRUE(silent.wire().at_end());
    EXPECT_EQ(done.read_to_end(), "");
    EXPECT_TRUE(done.ended_in_order());
    EXPECT_TRUE(eventually([&] { return open() == 0; }));
}

TEST_F(TlsGateTest, ManyHalfHandshakesDoNotHoldUpARequest) {
    start_tls();
    std::vector<TlsClient> half;
    for (int i = 0; i < 200; ++i) {
        half.push_back(connect_tls());
        half.back().wire().send(half.back().next_flight().substr(0, 100));
    }
    TlsClient client = connect_tls();

    client.send(get_request);

    EXPECT_TRUE(has_status(client.read_response(), 200));
    EXPECT_EQ(open(), 201u);
}

TEST_F(TlsGateTest, PlainHttpIsToldToUseTls) {
    start_tls();

    const std::string answer = whole_answer(get_request);

    EXPECT_TRUE(has_status(answer, 400)) << answer;
    EXPECT_NE(body_of(answer).find("https://"), std::string::npos);
    EXPECT_EQ(gate->counters().requests, 0u);
}

TEST_F(TlsGateTest, BytesThatAreNoTlsEndTheConnection) {
    start_tls();
    LoopbackClient odd = connect(), binary = connect();

    odd.send(std::string("\x16\x03\x01") + std::string(300, '\xff'));
    binary.send(std::string(300, '\x80'));

    odd.read_to_end();  // an alert, perhaps
    binary.read_to_end();
    EXPECT_TRUE(eventually([&] { return open() == 0; }));
}

TEST_F(TlsGateTest, OldVersionsAreRefused) {
    start_tls();
    TlsClient old = connect_tls(), twelve = connect_tls(), thirteen = connect_tls();
    SSL_set_cipher_list(old.ssl(), "DEFAULT@SECLEVEL=0");  // or it would refuse by itself
    SSL_set_min_proto_version(old.ssl(), TLS1_VERSION);
    SSL_set_max_proto_version(old.ssl(), TLS1_1_VERSION);
    SSL_set_max_proto_version(twelve.ssl(), TLS1_2_VERSION);
    SSL_set_min_proto_version(thirteen.ssl(), TLS1_3_VERSION);

    EXPECT_FALSE(old.shake_hands());
    EXPECT_TRUE(twelve.shake_hands());
    EXPECT_TRUE(thirteen.shake_hands());
}

TEST_F(TlsGateTest, Http11IsChosenAndNothingElse) {
    start_tls();
    TlsClient both = connect_tls(), only_h2 = connect_tls();
    const auto offer = [](TlsClient& client, std::string_view list) {
        SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
    };
    offer(both, "\x02h2\x08http/1.1");
    offer(only_h2, "\x02h2");

    EXPECT_FALSE(only_h2.shake_hands());
    ASSERT_TRUE(both.shake_hands());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(both.ssl(), &chosen, &size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
}

TEST_F(TlsGateTest, AClientMayNotRenegotiate) {
    start_tls();
    TlsClient client = connect_tls();
    SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
    ASSERT_TRUE(client.shake_hands());

    SSL_renegotiate(client.ssl());

    EXPECT_FALSE(client.shake_hands());
}

TEST_F(TlsGateTest, AClientMayRenewItsKey) {
    start_tls();
    TlsClient client = connect_tls();
    ASSERT_TRUE(client.shake_hands());

    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(client.update_key());
        client.send(get_request);
        ASSERT_EQ(body_of(client.read_response()), "GET /a ");
    }
}

TEST_F(TlsGateTest, TheLastReplyEndsWithAFarewell) {
    start_tls();
    TlsClient client = connect_tls();

    client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

    EXPECT_EQ(body_of(client.read_to_end()), "GET /a ");
    EXPECT_TRUE(client.ended_in_order());
}

TEST_F(TlsGateTest, AReplyThatIsCutOffEndsWithout) {
    start_tls({.write_timeout = 100ms},
              [](Exchange exchange) { exchange.reply({.body = std::string(32 << 20, 'x')}); });
    TlsClient client = connect_tls(4096);

    client.send(get_request);

    ASSERT_TRUE(eventually([&] { return gate->counters().requests == 1 && open() == 0; }));
    client.read_to_end();
    EXPECT_FALSE(client.ended_in_order());
}

TEST_F(TlsGateTest, AClientThatSaysFarewellHasLeft) {
    start_tls();
    TlsClient client = connect_tls();
    client.send(get_request);
    client.read_response();

    client.say_farewell();  // and keeps the TCP connection open

    EXPECT_TRUE(eventually([&] { return open() == 0; }));
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_TRUE(client.ended_in_order());
}

TEST_F(TlsGateTest, OneConnectionTooManyReadsThatItIs) {
    start_tls({.max_connections = 1});
    TlsClient first = connect_tls();
    ASSERT_TRUE(first.shake_hands());
    TlsClient second = connect_tls();

    second.send(get_request);

    EXPECT_TRUE(has_status(second.read_to_end(), 503));
    first.send(get_request);
    EXPECT_TRUE(has_status(first.read_response(), 200));
}

TEST_F(TlsGateTest, ANewCertificateIsForHandshakesThatBeginLater) {
    start_tls();
    TlsClient open_one = connect_tls(), silent = connect_tls();
    ASSERT_TRUE(open_one.shake_hands());

    tls->set(files.context({.serial = 2}));

    ASSERT_TRUE(silent.shake_hands());  // connected before, but without a byte
    EXPECT_EQ(silent.serial(), 2);
    EXPECT_EQ(open_one.serial(), 1);
    open_one.send(get_request);
    EXPECT_TRUE(has_status(open_one.read_response(), 200));
}

TEST_F(TlsGateTest, DrainingClosesIdleConnectionsInOrder) {
    start_tls();
    TlsClient idle = connect_tls(), half = connect_tls();
    idle.send(get_request);
    idle.read_response();
    half.wire().send(half.next_flight());
    ASSERT_FALSE(half.wire().read_some().empty());

    gate->drain();

    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_TRUE(idle.ended_in_order());
}

}  // namespace
}  // namespace patchbay::net
