// How calls fail: each way has its code, and a message without secrets.
#include "http_client_fixture.hpp"

#include <future>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

TEST_F(HttpClientTest, SaysUpstreamAndWhereWhenTheConnectionIsRefused) {
    const FileDescriptor bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const int port = ntohs(address.sin_port);  // bound, but nobody listens
    RecordingHandler handler;

    get(fmt::format("http://user:password@127.0.0.1:{}/secret-path?key=secret", port), handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream);
    EXPECT_TRUE(handler.error->retryable);
    EXPECT_EQ(handler.error->message,
              fmt::format("could not connect to 127.0.0.1:{}: Connection refused", port));
    EXPECT_EQ(handler.heads, 0);
}

TEST_F(HttpClientTest, SaysUpstreamWhenTheNameDoesNotExist) {
    RecordingHandler handler;

    get("http://nobody.invalid:81/?key=secret", handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_TRUE(handler.error->code == ErrorCode::upstream ||
                handler.error->code == ErrorCode::timeout);
    EXPECT_NE(handler.error->message.find("nobody.invalid"), std::string::npos);
    EXPECT_EQ(handler.error->message.find("secret"), std::string::npos);
}

TEST_F(HttpClientTest, TimesOutWhenNoNameServerAnswersInTime) {
    Resolver silent({.threads = 0});
    RecordingHandler handler;
    std::unique_ptr<HttpClient> other;

    thread.call([&] {
        other = std::make_unique<HttpClient>(thread.loop(), silent);
        ASSERT_TRUE(other->start(
            {.method = "GET", .url = "http://any.invalid/", .connect_timeout = 50ms}, handler));
    });

    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.error->code, ErrorCode::timeout);
    thread.call([&] { other.reset(); });
}

TEST_F(HttpClientTest, SaysTruncatedWhenAChunkedBodyBreaksOff) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n") + chunk("data: tw"));
    });
    RecordingHandler handler;

    get_events(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream_truncated);
    EXPECT_EQ(handler.events, std::vector<std::string>{"one"});  // the cut one is no event
}

TEST_F(HttpClientTest, SaysTruncatedWhenContentLengthIsNotReached) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    RecordingHandler handler;

    get(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream_truncated);
    EXPECT_TRUE(handler.error->retryable);
    EXPECT_EQ(handler.data, "abc");
}

TEST_F(HttpClientTest, SaysTruncatedWhenTheConnectionIsResetInTheBody) {
    std::promise<void> begun;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        begun.get_future().wait_for(patience);
        peer.reset();
    });
    RecordingHandler handler;
    handler.at_data = [&] { begun.set_value(); };

    get(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream_truncated);
}

TEST_F(HttpClientTest, SaysUpstreamWhenTheAnswerIsNoneOrNotHttp) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        const std::string request = peer.read_request();
        if (request.find("/noise") != std::string::npos) peer.send("SSH-2.0-OpenSSH_9\r\n");
        if (request.find("/interim") != std::string::npos) peer.send("HTTP/1.1 103 Early\r\n\r\n");
    });

    for (const char* path : {"/nothing", "/noise", "/interim"}) {
        RecordingHandler handler;
        get(upstream.url(path), handler);
        ASSERT_TRUE(handler.done());
        ASSERT_TRUE(handler.error) << path;
        EXPECT_EQ(handler.error->code, ErrorCode::upstream) << path;
        EXPECT_EQ(handler.heads, 0);
    }
}

TEST_F(HttpClientTest, TimesOutWithoutAFirstByteAlsoAfterAHead) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        if (peer.read_request().find("/head") != std::string::npos) peer.send(sse_head());
        peer.wait_until_closed();
    });

    for (const char* path : {"/nothing", "/head"}) {
        RecordingHandler handler;
        start(
            {.method = "POST", .url = upstream.url(path), .body = "x", .first_byte_timeout = 60ms},
            handler);
        ASSERT_TRUE(handler.done());
        ASSERT_TRUE(handler.error);
        EXPECT_EQ(handler.error->code, ErrorCode::timeout);
        EXPECT_EQ(
            handler.error->message,
            fmt::format("127.0.0.1:{} did not begin its answer within 60 ms", upstream.port()));
    }
}

TEST_F(HttpClientTest, TimesOutWhenTheUpstreamFallsSilent) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n"));
        peer.wait_until_closed();
    });
    RecordingHandler handler;

    start({.method = "GET", .url = upstream.url(), .split_sse = true, .idle_timeout = 60ms},
          handler);

    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.events.size(), 1u);
    EXPECT_EQ(handler.error->code, ErrorCode::timeout);
    EXPECT_NE(handler.error->message.find("sent nothing for 60 ms"), std::string::npos);
}

TEST_F(HttpClientTest, StaysAliveAsLongAsBytesKeepComing) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head());
        for (int i = 0; i < 20; ++i) {
            peer.send(chunk(": still here\n\n"));
            std::this_thread::sleep_for(30ms);  // the pace of a slow model
        }
        peer.send("0\r\n\r\n");
    });
    RecordingHandler handler;

    start({.method = "GET", .url = upstream.url(), .split_sse = true, .idle_timeout = 400ms},
          handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
}

TEST_F(HttpClientTest, EndsACallThatTakesTooLongInAll) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head());
        while (peer.send(chunk("data: x\n\n"))) std::this_thread::sleep_for(5ms);
    });
    RecordingHandler handler;

    start({.method = "GET", .url = upstream.url(), .split_sse = true, .total_timeout = 100ms},
          handler);

    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.error->code, ErrorCode::timeout);
    EXPECT_GT(handler.events.size(), 0u);
}

TEST_F(HttpClientTest, SaysTooLargeForABodyOrAnEventBeyondItsLimit) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: small\n\n"));
        while (peer.send(chunk("data: " + std::string(1000, 'x')))) {
        }
    });
    RecordingHandler body, event;

    start({.method = "GET", .url = upstream.url(), .max_body_bytes = 10000}, body);
    start({.method = "GET", .url = upstream.url(), .split_sse = true, .max_line_bytes = 10000},
          event);

    ASSERT_TRUE(body.done() && event.done());
    ASSERT_TRUE(body.error && event.error);
    EXPECT_EQ(body.error->code, ErrorCode::too_large);
    EXPECT_LE(body.data.size(), 10000u);
    EXPECT_EQ(event.error->code, ErrorCode::too_large);
    EXPECT_EQ(event.events, std::vector<std::string>{"small"});
}

TEST_F(HttpClientTest, SaysUpstreamForAHeadBeyondItsLimit) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n");
        while (peer.send("X-More: " + std::string(1000, 'x') + "\r\n")) {
        }
    });
    RecordingHandler handler;

    get(upstream.url(), handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream);
    EXPECT_NE(handler.error->message.find("larger than"), std::string::npos);
    EXPECT_EQ(handler.heads, 0);
}

TEST_F(HttpClientTest, RefusesEventsInACodingThatNobodyAskedForButNotBytes) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        const bool plain = peer.read_request().find("/identity") != std::string::npos;
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: " +
                  std::string(plain ? "identity" : "gzip") + "\r\n\r\ndata: x\n\n");
    });
    RecordingHandler coded, plain, bytes;

    start({.method = "GET", .url = upstream.url("/gzip"), .split_sse = true}, coded);
    start({.method = "GET", .url = upstream.url("/identity"), .split_sse = true}, plain);
    get(upstream.url("/gzip"), bytes);

    ASSERT_TRUE(coded.done() && plain.done() && bytes.done());
    ASSERT_TRUE(coded.error);
    EXPECT_EQ(coded.error->code, ErrorCode::upstream);
    EXPECT_EQ(coded.heads, 1);
    EXPECT_TRUE(coded.events.empty());
    EXPECT_EQ(plain.events, std::vector<std::string>{"x"});
    EXPECT_EQ(bytes.data, "data: x\n\n");
}

TEST_F(HttpClientTest, RefusesBadUrlsMethodsAndHeaders) {
    RecordingHandler handler;
    const auto code_of = [&](HttpCallOptions options) {
        return thread.call([&] {
            const auto id = client->start(std::move(options), handler);
            return id ? std::optional<ErrorCode>() : id.error().code;
        });
    };
    const std::string url = "http://127.0.0.1:1/";
    using namespace std::string_literals;

    for (const std::string& bad :
         {""s, "127.0.0.1"s, "ftp://127.0.0.1/"s, "file:///etc/passwd"s, "http://"s, "http://a b/"s,
          "http://127.0.0.1:99999/"s, "http://127.0.0.1/\r\nX: y"s, "http://127.0.0.1/\0"s})
        EXPECT_EQ(code_of({.method = "GET", .url = bad}), ErrorCode::bad_request) << bad;
    for (const std::string& bad : {""s, "GET /"s, "GE\r\nT"s, "G\0"s})
        EXPECT_EQ(code_of({.method = bad, .url = url}), ErrorCode::bad_request) << bad;
    for (const std::string& bad : {"a\r\nX-Injected: 1"s, "a\nb"s, "a\rb"s, "a\0b"s})
        EXPECT_EQ(code_of({.method = "GET", .url = url, .headers = {{"X", bad}}}),
                  ErrorCode::bad_request);
    for (const std::string& bad : {""s, "X: y"s, "X\r\nY"s, "X Y"s})
        EXPECT_EQ(code_of({.method = "GET", .url = url, .headers = {{bad, "v"}}}),
                  ErrorCode::bad_request);
    EXPECT_EQ(running(), 0u);
    EXPECT_EQ(handler.dones, 0);
}

}  // namespace
}  // namespace patchbay::net
