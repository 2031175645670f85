#include "tests/runtime/net/gate_fixture.hpp"

#include "runtime/net/workers.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <future>
#include <stdexcept>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

TEST_F(GateTest, AConnectionServesManyRequests) {
    start();
    LoopbackClient client = connect();

    for (int i = 0; i < 100; ++i) {
        client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        const std::string response = client.read_response();
        ASSERT_TRUE(has_status(response, 200)) << response;
        ASSERT_EQ(body_of(response), "POST /p abc");
        ASSERT_EQ(response.find("Connection:"), std::string::npos);
        ASSERT_NE(response.find("\r\nDate: "), std::string::npos);
    }

    EXPECT_EQ(gate->counters().accepted, 1u);
    EXPECT_EQ(gate->counters().requests, 100u);
}

TEST_F(GateTest, PipelinedRequestsAreAnsweredInOrderOneAtATime) {
    std::atomic<int> at_once{0}, most{0};
    Workers workers(4, 100);
    start({}, [&](Exchange exchange) {
        most = std::max(most.load(), ++at_once);
        ASSERT_TRUE(workers.post([&, exchange = std::move(exchange)]() mutable {
            --at_once;
            echo(std::move(exchange));
        }));
    });
    LoopbackClient client = connect();
    std::string requests;
    for (int i = 0; i < 50; ++i)
        requests +=
            "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok";

    client.send(requests);

    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(body_of(client.read_response()), "POST /" + std::to_string(i) + " ok");
    EXPECT_EQ(most, 1);
    workers.stop();
}

TEST_F(GateTest, AnEmptyLineBeforeARequestMayComeInTwoPieces) {
    start();
    LoopbackClient client = connect();
    LoopbackClient other = connect();

    client.send("\r");
    other.send(get_request);
    EXPECT_EQ(body_of(other.read_response()), "GET /a ");  // the first piece was read before
    client.send("\n" + std::string(get_request));

    EXPECT_EQ(body_of(client.read_response()), "GET /a ");
}

TEST_F(GateTest, ARequestMayComeByteByByte) {
    start();
    LoopbackClient client = connect();
    const std::string request =
        "\r\nPOST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nTrailer: t\r\n\r\n";

    for (const char byte : request) ASSERT_TRUE(client.send({&byte, 1}));

    EXPECT_EQ(body_of(client.read_response()), "POST /b abcde");
    client.send(get_request);
    EXPECT_EQ(body_of(client.read_response()), "GET /a ");
}

TEST_F(GateTest, HeadersKeepTheirOrderAndTheirDuplicatesAndTrailersAreNone) {
    std::promise<std::string> seen;
    start({}, [&](Exchange exchange) {
        std::string headers;
        for (const auto& [name, value] : exchange.request()) headers += name + "=" + value + ";";
        seen.set_value(headers + exchange.request().getVersion() + exchange.remote());
        exchange.reply({.status = 204});
    });
    LoopbackClient client = connect();

    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nB: 1\r\na: 2\r\nB:  3 \r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\nAuthorization: evil\r\n\r\n");

    const std::string response = client.read_response();
    EXPECT_TRUE(has_status(response, 204));
    EXPECT_EQ(response.find("Content-Length"), std::string::npos);
    const std::string headers = seen.get_future().get();
    EXPECT_TRUE(headers.starts_with("Host=x;B=1;")) << headers;
    EXPECT_NE(headers.find("B=3;"), std::string::npos) << headers;
    EXPECT_EQ(headers.find("evil"), std::string::npos) << headers;
    EXPECT_TRUE(headers.ends_with("HTTP/1.1127.0.0.1")) << headers;
}

TEST_F(GateTest, HeadGetsTheHeadersOfGetAndNoBody) {
    start();
    LoopbackClient client = connect();

    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + get_request);

    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Content-Length: 8\r\n"), std::string::npos) << head;
    EXPECT_EQ(body_of(client.read_response()), "GET /a ");
}

TEST_F(GateTest, Http10ClosesUnlessAskedToKeepAlive) {
    start();
    LoopbackClient keeping = connect();

    const std::string closed = whole_answer("GET /a HTTP/1.0\r\n\r\n");
    keeping.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const std::string kept = keeping.read_response();
    keeping.send(get_request);

    EXPECT_NE(closed.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(closed.ends_with("GET /a "));
    EXPECT_NE(kept.find("Connection: keep-alive\r\n"), std::string::npos);
    EXPECT_EQ(body_of(keeping.read_response()), "GET /a ");
}

TEST_F(GateTest, ConnectionCloseIsHonouredOnBothSides) {
    start({}, [](Exchange exchange) {
        exchange.reply({.body = "bye", .close = exchange.request().getURI() == "/close"});
    });

    const std::string by_client =
        whole_answer("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string by_server = whole_answer("GET /close HTTP/1.1\r\nHost: x\r\n\r\n");

    EXPECT_TRUE(by_client.ends_with("Connection: close\r\n\r\nbye")) << by_client;
    EXPECT_TRUE(by_server.ends_with("Connection: close\r\n\r\nbye")) << by_server;
    EXPECT_TRUE(eventually([&] { return open() == 0; }));
}

TEST_F(GateTest, ExpectContinueIsAnsweredWhenTheBodyIsStillToCome) {
    start();
    LoopbackClient client = connect();
    client.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");

    const std::string go_on = client.read_until("\r\n\r\n");
    client.send("ok");

    EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(body_of(client.read_response()), "POST /c ok");
}

TEST_F(GateTest, ALargeReplyArrivesWhole) {
    start({}, [](Exchange exchange) { exchange.reply({.body = std::string(8 << 20, 'x')}); });
    LoopbackClient client = connect(4096);

    client.send(get_request + get_request);

    EXPECT_EQ(body_of(client.read_response()).size(), 8u << 20);
    EXPECT_EQ(body_of(client.read_response()).size(), 8u << 20);
}

TEST_F(GateTest, ErrorsOfTheGateHaveTheProjectsBody) {
    start();

    const std::string answer = whole_answer("GET / HTTP/9.9\r\n\r\n");

    EXPECT_TRUE(has_status(answer, 400)) << answer;
    EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    const auto body = nlohmann::json::parse(body_of(answer));
    EXPECT_EQ(body.at("code"), "bad_request");
    EXPECT_FALSE(body.at("error").get<std::string>().empty());
    const std::string request_id = body.at("request_id");
    EXPECT_EQ(request_id.size(), 36u);
    EXPECT_NE(answer.find("X-Request-Id: " + request_id + "\r\n"), std::string::npos);
    EXPECT_EQ(gate->counters().bad_requests, 1u);
}

TEST_F(GateTest, AConnectionThatIsGivenBackServesItsLeftoverFirst) {
    start({}, [&](Exchange exchange) {
        if (exchange.request().getURI() != "/stream") return echo(std::move(exchange));
        auto connection = exchange.take_connection();
        connection->write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        exchange.gate().give_back(std::move(connection));
    });
    LoopbackClient client = connect();

    client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" + get_request);

    EXPECT_EQ(body_of(client.read_response()), "hi");
    EXPECT_EQ(body_of(client.read_response()), "GET /a ");
}

TEST_F(GateTest, AnExchangeThatNobodyAnswersGets500) {
    start({}, [](Exchange) {});

    const std::string answer = whole_answer(get_request);

    EXPECT_TRUE(has_status(answer, 500)) << answer;
    EXPECT_EQ(nlohmann::json::parse(body_of(answer)).at("code"), "internal");
}

TEST_F(GateTest, AHandlerThatThrowsCostsOnlyItsOwnRequest) {
    start({}, [](Exchange exchange) {
        if (exchange.request().getURI() == "/throw") throw std::runtime_error("on purpose");
        echo(std::move(exchange));
    });

    const std::string thrown = whole_answer("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string next = whole_answer("GET /a HTTP/1.0\r\n\r\n");

    EXPECT_TRUE(has_status(thrown, 500)) << thrown;
    EXPECT_TRUE(has_status(next, 200));
}

TEST_F(GateTest, HeadersOfAReplyCannotBeginAnother) {
    start({}, [](Exchange exchange) {
        exchange.reply({.headers = {{"X-A", "1\r\nX-Evil: 2"}, {"Bad name", "3"}, {"X-B", "4"}}});
    });
    LoopbackClient client = connect();

    client.send(get_request);

    const std::string response = client.read_response();
    EXPECT_NE(response.find("\r\nX-A: 1  X-Evil: 2\r\n"), std::string::npos) << response;
    EXPECT_EQ(response.find("Bad name"), std::string::npos);
    EXPECT_NE(response.find("\r\nX-B: 4\r\n"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::net
