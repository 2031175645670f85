// Connections: which are used again, which are not, and what goes over them at the same time.
#include "http_client_fixture.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <future>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

class ConnectionsTest : public HttpClientTest {
protected:
    // What becomes of one call.
    void run(HttpCallOptions options, RecordingHandler& handler) {
        start(std::move(options), handler);
        ASSERT_TRUE(handler.done());
    }
    void expect_ok(const std::string& url, std::string_view body = "ok") {
        RecordingHandler handler;
        run({.method = "GET", .url = url}, handler);
        EXPECT_FALSE(handler.error) << handler.error->message;
        EXPECT_EQ(handler.data, body);
    }
    void use_proxy(const std::string& url) {
        thread.call([&] {
            ::setenv("http_proxy", url.c_str(), 1);
            client = std::make_unique<HttpClient>(thread.loop(), resolver);
            ::unsetenv("http_proxy");
        });
    }
};

TEST_F(ConnectionsTest, AreUsedAgainWhateverEndsTheAnswer) {
    const std::vector<std::string> answers{
        plain_answer("ok"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("ok") + "0\r\nT: x\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 103 Early\r\n\r\n" + plain_answer("ok"),
        plain_answer("ok", "404 Not Found"),
        plain_answer("ok")};
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        for (size_t at = 0; !peer.read_request().empty(); ++at) peer.send(answers.at(at));
    });

    for (size_t i = 0; i < answers.size(); ++i) expect_ok(upstream.url());

    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(ConnectionsTest, AreClosedWhereTheUpstreamSaysSoOrSaysTooMuch) {
    const std::vector<std::string> answers{
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("ok") +
            "0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n" + chunk("ok") +
            "0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" +
            chunk("ok") + "0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" +
            chunk("ok") + "0\r\n\r\n",
        plain_answer("ok") + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"};
    std::atomic<size_t> turn{0};
    std::atomic<int> closed{0};
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(answers.at(turn++));
        if (peer.wait_until_closed()) ++closed;
    });

    for (size_t i = 0; i < answers.size(); ++i) expect_ok(upstream.url());

    EXPECT_EQ(upstream.connections(), static_cast<int>(answers.size()));
    while (closed < upstream.connections()) std::this_thread::yield();
}

TEST_F(ConnectionsTest, AreClosedWhenTheirCallIsCancelledOrFails) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        const std::string request = peer.read_request();
        if (request.find("/large") != std::string::npos) peer.send(plain_answer("too much"));
        if (request.find("/silent") != std::string::npos) peer.send(sse_head());
        if (request.find("/ok") != std::string::npos) peer.send(plain_answer("ok"));
        peer.wait_until_closed();
    });
    RecordingHandler large, silent, cancelled;

    run({.method = "GET", .url = upstream.url("/large"), .max_body_bytes = 3}, large);
    run({.method = "GET", .url = upstream.url("/silent"), .first_byte_timeout = 30ms}, silent);
    const auto id = get(upstream.url("/silent"), cancelled);
    ASSERT_TRUE(cancelled.wait_for([&] { return cancelled.heads == 1; }));
    cancel(id);
    ASSERT_TRUE(cancelled.done());
    expect_ok(upstream.url("/ok"));

    EXPECT_EQ(large.error->code, ErrorCode::too_large);
    EXPECT_EQ(silent.error->code, ErrorCode::timeout);
    EXPECT_EQ(upstream.connections(), 4);
}

TEST_F(ConnectionsTest, ThatDieWhenTheyAreUsedAgainCostOneFreshTry) {
    for (const bool reset : {false, true}) {
        std::atomic<int> asked{0};
        LoopbackUpstream upstream([&](UpstreamPeer& peer) {
            while (!peer.read_request().empty()) {
                if (++asked == 2) return reset ? peer.reset() : void();  // not a byte of an answer
                peer.send(plain_answer("ok"));
            }
        });

        expect_ok(upstream.url());
        RecordingHandler second;
        run({.method = "POST", .url = upstream.url(), .body = "twice"}, second);

        EXPECT_FALSE(second.error) << second.error->message;
        EXPECT_EQ(second.data, "ok");
        EXPECT_EQ(asked, 3);
        EXPECT_EQ(upstream.connections(), 2);
    }
}

// It may have been at work all the while: an answer that is paid for, or a tool that acts.
TEST_F(ConnectionsTest, ThatDieLateAreNotTriedAgainWithWhatMayNotBeDoneTwice) {
    std::atomic<int> posted{0}, got{0};
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        while (true) {
            const std::string request = peer.read_request();
            if (request.empty()) return;
            const bool is_late = request.find("/late") != std::string::npos;
            auto& asked = request.starts_with("POST") ? posted : got;
            if (is_late && ++asked == 1) return std::this_thread::sleep_for(1100ms);
            peer.send(plain_answer("ok"));
        }
    });
    RecordingHandler post, get;

    expect_ok(upstream.url());
    run({.method = "POST", .url = upstream.url("/late"), .body = "once"}, post);
    expect_ok(upstream.url());
    run({.method = "GET", .url = upstream.url("/late")}, get);

    ASSERT_TRUE(post.error);
    EXPECT_EQ(post.error->code, ErrorCode::upstream);
    EXPECT_EQ(posted, 1);
    EXPECT_FALSE(get.error);
    EXPECT_EQ(got, 2);
}

TEST_F(ConnectionsTest, ThatWaitMakeRoomWhenNoDescriptorIsLeft) {
    const auto answer_all = [](UpstreamPeer& peer) {
        while (!peer.read_request().empty()) peer.send(plain_answer("ok"));
    };
    LoopbackUpstream first(answer_all), another(answer_all), third(answer_all);
    expect_ok(first.url());
    expect_ok(another.url());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit few = before;
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
    std::vector<FileDescriptor> all;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) all.emplace_back(fd);

    RecordingHandler handler;
    run({.method = "GET", .url = third.url()}, handler);
    all.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);

    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.data, "ok");
}

TEST_F(ConnectionsTest, ThatDieOnAFreshTryTooFailTheCall) {
    std::atomic<int> asked{0};
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        while (!peer.read_request().empty() && ++asked == 1) peer.send(plain_answer("ok"));
    });

    expect_ok(upstream.url());
    RecordingHandler second;
    run({.method = "GET", .url = upstream.url()}, second);

    ASSERT_TRUE(second.error);
    EXPECT_EQ(second.error->message,
              fmt::format("127.0.0.1:{} closed the connection without an answer", upstream.port()));
    EXPECT_EQ(asked, 3);
}

TEST_F(ConnectionsTest, ThatDieInAnAnswerAreNotTriedAgain) {
    std::atomic<int> asked{0};
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        while (!peer.read_request().empty() && ++asked == 1) peer.send(plain_answer("ok"));
        peer.send("HTTP/1.1 200 OK\r\n");
    });

    expect_ok(upstream.url());
    RecordingHandler second;
    run({.method = "GET", .url = upstream.url()}, second);

    ASSERT_TRUE(second.error);
    EXPECT_EQ(second.error->code, ErrorCode::upstream);
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(ConnectionsTest, LeadToOneHostOnly) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        while (!peer.read_request().empty()) peer.send(plain_answer("ok"));
    });
    const auto by_name = fmt::format("http://localhost:{}/", upstream.port());

    expect_ok(upstream.url());
    expect_ok(by_name);
    expect_ok(upstream.url());
    expect_ok(by_name);

    EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(ConnectionsTest, ToAProxyAreUsedAgainForTheSameUpstream) {
    std::vector<std::string> lines;
    LoopbackUpstream proxy([&](UpstreamPeer& peer) {
        for (auto request = peer.read_request(); !request.empty(); request = peer.read_request()) {
            lines.push_back(request.substr(0, request.find("\r\n")));
            peer.send(plain_answer("ok"));
        }
    });
    use_proxy(fmt::format("http://localhost:{}", proxy.port()));

    expect_ok("http://nobody.invalid/1");
    expect_ok("http://nobody.invalid/2");

    EXPECT_EQ(proxy.connections(), 1);
    EXPECT_EQ(lines, (std::vector<std::string>{"GET http://nobody.invalid/1 HTTP/1.1",
                                               "GET http://nobody.invalid/2 HTTP/1.1"}));
}

TEST_F(ConnectionsTest, GoThroughASocksProxyThatResolvesTheName) {
    using namespace std::string_literals;
    std::string wanted, request;
    LoopbackUpstream proxy([&](UpstreamPeer& peer) {
        const std::string hello = peer.read_bytes(2);
        peer.read_bytes(static_cast<unsigned char>(hello[1]));  // ways to log in
        peer.send("\x05\x00"s);
        wanted = peer.read_bytes(5 + "nobody.invalid"s.size() + 2);
        peer.send("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s);
        request = peer.read_request();
        peer.send(plain_answer("ok"));
    });
    use_proxy(fmt::format("socks5://localhost:{}", proxy.port()));

    expect_ok("http://nobody.invalid/x");

    EXPECT_EQ(wanted, "\x05\x01\x00\x03\x0enobody.invalid\x00\x50"s);
    EXPECT_TRUE(request.starts_with("GET /x HTTP/1.1\r\nHost: nobody.invalid\r\n")) << request;
}

TEST_F(ConnectionsTest, TakeALargeRequestAndALargeAnswerAtTheSameTime) {
    const std::string much(8 << 20, 'x');
    std::string request;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        const std::string begun = peer.read_bytes(100);
        peer.send(plain_answer(much));  // before it reads on
        request = begun + peer.read_bytes(much.size());
    });
    RecordingHandler handler;

    run({.method = "POST", .url = upstream.url(), .body = much}, handler);

    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.data.size(), much.size());
}

TEST_F(ConnectionsTest, OfARefusedRequestTakeNoMoreOfIt) {
    std::promise<size_t> taken;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        size_t bytes = peer.read_some().size();
        peer.send(plain_answer("no", "413 Too Large"));
        for (std::string more = peer.read_some(); !more.empty(); more = peer.read_some())
            bytes += more.size();
        taken.set_value(bytes);
    });
    RecordingHandler handler;

    run({.method = "POST", .url = upstream.url(), .body = std::string(64 << 20, 'x')}, handler);

    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.status, 413);
    EXPECT_EQ(handler.data, "no");
    EXPECT_LT(taken.get_future().get(), 64u << 20);
}

TEST_F(ConnectionsTest, ThatBreakUnderARequestStillGiveTheAnswerThatCameBefore) {
    std::promise<void> heard;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_bytes(100);
        peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nn");
        heard.get_future().wait_for(patience);
        peer.send("o");  // and closes, with the rest of the request unread: a reset
    });
    RecordingHandler handler;
    handler.at_head = [&] { heard.set_value(); };

    run({.method = "POST", .url = upstream.url(), .body = std::string(8 << 20, 'x')}, handler);

    EXPECT_EQ(handler.status, 413);
}

TEST_F(ConnectionsTest, OfASlowUploadDoNotTimeOut) {
    constexpr size_t part = 8 << 20;  // more than what the kernel keeps
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        for (int i = 0; i < 8; ++i) {
            peer.read_bytes(part);
            std::this_thread::sleep_for(100ms);  // the pace of a slow line
        }
        peer.read_some();
        peer.send(plain_answer("ok"));
    });
    RecordingHandler handler;

    run({.method = "POST",
         .url = upstream.url(),
         .body = std::string(8 * part, 'x'),
         .first_byte_timeout = 600ms},
        handler);

    EXPECT_FALSE(handler.error) << handler.error->message;
}

}  // namespace
}  // namespace patchbay::net
