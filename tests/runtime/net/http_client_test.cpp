// What an upstream says. Failures: http_client_failure_test.cpp; pausing and cancelling:
// http_client_control_test.cpp.
#include "http_client_fixture.hpp"

namespace patchbay::net {
namespace {

TEST_F(HttpClientTest, GetsAPlainAnswerWithItsHead) {
    std::string request;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        request = peer.read_request();
        peer.send(plain_answer("hello"));
        peer.read_request();
    });
    RecordingHandler handler;

    start({.method = "GET",
           .url = upstream.url("/a?b=c"),
           .headers = {{"X-One", "1"}, {"X-Empty", ""}}},
          handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
    EXPECT_EQ(handler.status, 200);
    EXPECT_EQ(handler.heads, 1);
    EXPECT_EQ(handler.data, "hello");
    ASSERT_EQ(handler.headers.size(), 2u);
    EXPECT_EQ(handler.headers[0],
              (std::pair<std::string, std::string>("Content-Type", "text/plain")));
    EXPECT_TRUE(request.starts_with("GET /a?b=c HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("\r\nX-One: 1\r\n"), std::string::npos);
    EXPECT_NE(request.find("\r\nX-Empty:\r\n"), std::string::npos);
}

TEST_F(HttpClientTest, PostsABodyWithoutExpectOrAcceptEncoding) {
    std::string request;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        request = peer.read_request();
        peer.send(plain_answer("ok"));
    });
    RecordingHandler handler;
    const std::string body(3 << 20, 'x');

    start({.method = "POST",
           .url = upstream.url(),
           .headers = {{"Content-Length", "3"}, {"Content-Type", "application/json"}},
           .body = body},
          handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
    EXPECT_TRUE(request.ends_with("\r\n\r\n" + body));
    const std::string head = request.substr(0, request.find("\r\n\r\n"));
    EXPECT_NE(head.find("Content-Length: 3145728"), std::string::npos) << head;
    EXPECT_EQ(head.find("Expect"), std::string::npos);
    EXPECT_EQ(head.find("Accept-Encoding"), std::string::npos);
}

TEST_F(HttpClientTest, SendsOtherMethodsAsTheyAreNamed) {
    std::vector<std::string> lines;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        for (std::string request = peer.read_request(); !request.empty();
             request = peer.read_request()) {
            lines.push_back(request.substr(0, request.find("\r\n")));
            peer.send(request.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                                                  : plain_answer("ok"));
        }
    });

    for (const char* method : {"DELETE", "PUT", "HEAD", "POST", "GET"}) {
        RecordingHandler handler;
        start({.method = method, .url = upstream.url("/m")}, handler);
        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error) << method;
    }

    EXPECT_EQ(lines,
              (std::vector<std::string>{"DELETE /m HTTP/1.1", "PUT /m HTTP/1.1", "HEAD /m HTTP/1.1",
                                        "POST /m HTTP/1.1", "GET /m HTTP/1.1"}));
    EXPECT_EQ(upstream.connections(), 1);  // each but the first one took the pooled connection
}

TEST_F(HttpClientTest, ResolvesNames) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(plain_answer("by name"));
    });

    for (const char* name : {"localhost", "LOCALHOST"}) {
        RecordingHandler handler;
        get(fmt::format("http://{}:{}/", name, upstream.port()), handler);
        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error) << handler.error->message;
        EXPECT_EQ(handler.data, "by name");
    }
}

TEST_F(HttpClientTest, ReadsChunkedBodiesAndLeavesOutInterimAnswersAndTrailers) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(
            "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
            chunk("ab") + chunk("c") + "0\r\nX-Trailer: 1\r\n\r\n");
    });
    RecordingHandler handler;

    get(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
    EXPECT_EQ(handler.status, 200);
    EXPECT_EQ(handler.headers.size(), 1u);
    EXPECT_EQ(handler.data, "abc");
}

TEST_F(HttpClientTest, DoesNotFollowRedirects) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
    });
    RecordingHandler handler;

    get(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.status, 302);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(HttpClientTest, SplitsEventsThatArriveByteByByte) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head());
        for (const char byte :
             std::string(": hi\n\nevent: n\r\ndata: one\r\n\r\ndata: two\n\ndata: three"))
            peer.send(chunk(std::string_view(&byte, 1)));
        peer.send("0\r\n\r\n");
    });
    RecordingHandler handler;

    get_events(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
    EXPECT_EQ(handler.events, (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(handler.names, (std::vector<std::string>{"n", "", ""}));
    EXPECT_EQ(handler.data, "");
}

TEST_F(HttpClientTest, GivesAnythingButA2xxEventStreamAsBytes) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        const std::string request = peer.read_request();
        const bool bad = request.find("/bad") != std::string::npos;
        peer.send(fmt::format(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: 9\r\n\r\ndata: x\n\n",
            bad ? "500 Bad" : "200 OK", bad ? "text/event-stream" : "text/event-streams"));
    });
    RecordingHandler bad, json;

    get_events(upstream.url("/bad"), bad);
    get_events(upstream.url("/json"), json);

    ASSERT_TRUE(bad.done() && json.done());
    EXPECT_EQ(bad.data, "data: x\n\n");
    EXPECT_EQ(bad.status, 500);
    EXPECT_FALSE(bad.error);
    EXPECT_EQ(json.data, "data: x\n\n");
    EXPECT_TRUE(bad.events.empty() && json.events.empty());
}

TEST_F(HttpClientTest, UsesTheSameConnectionAgain) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        while (!peer.read_request().empty()) peer.send(plain_answer("x"));
    });

    for (int i = 0; i < 5; ++i) {
        RecordingHandler handler;
        get(upstream.url(), handler);
        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error);
    }

    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(HttpClientTest, TriesAFreshConnectionWhenThePooledOneHasDied) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(plain_answer("x"));  // and closes, without having said so
    });

    for (int i = 0; i < 3; ++i) {
        RecordingHandler handler;
        get(upstream.url(), handler);
        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error) << handler.error->message;
    }
}

TEST_F(HttpClientTest, RunsHundredsOfStreamsAtOnce) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head());
        for (int i = 0; i < 20; ++i) peer.send(chunk(fmt::format("data: {}\n\n", i)));
        peer.send("0\r\n\r\n");
    });
    std::vector<RecordingHandler> handlers(200);

    for (auto& handler : handlers) get_events(upstream.url(), handler);

    for (auto& handler : handlers) {
        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error) << handler.error->message;
        ASSERT_EQ(handler.events.size(), 20u);
        EXPECT_EQ(handler.events.back(), "19");
    }
    EXPECT_EQ(running(), 0u);
}

TEST_F(HttpClientTest, LeavesTheUpstreamsNameToTheProxyOfTheEnvironment) {
    std::string request;
    LoopbackUpstream proxy([&](UpstreamPeer& peer) {
        request = peer.read_request();
        peer.send(plain_answer("by proxy"));
    });
    thread.call([&] {
        ::setenv("http_proxy", fmt::format("http://localhost:{}", proxy.port()).c_str(), 1);
        client = std::make_unique<HttpClient>(thread.loop(), resolver);
        ::unsetenv("http_proxy");
    });
    RecordingHandler handler;

    get("http://nobody.invalid/x", handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.data, "by proxy");
    EXPECT_TRUE(request.starts_with("GET http://nobody.invalid/x HTTP/1.1\r\n")) << request;
}

}  // namespace
}  // namespace patchbay::net
