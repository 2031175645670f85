// The same over TLS, where libcurl reads and writes: what it keeps back must not be forgotten.
#include "http_client_fixture.hpp"
#include "tls_peer.hpp"

#include <future>

namespace patchbay::net {
namespace {

class TlsClientTest : public HttpClientTest {
protected:
    TlsClientTest() { make_client(""); }

    // A client that trusts the certificate, and uses this proxy.
    void make_client(const std::string& proxy) {
        thread.call([&] {
            ::setenv("SSL_CERT_FILE", certificate.file().c_str(), 1);
            ::setenv("https_proxy", proxy.c_str(), 1);
            client = std::make_unique<HttpClient>(thread.loop(), resolver);
            ::unsetenv("https_proxy");
            ::unsetenv("SSL_CERT_FILE");
        });
    }
    using Script = std::function<void(TlsPeer&)>;
    LoopbackUpstream::Script over_tls(Script script) {
        return [this, script](UpstreamPeer& peer) {
            TlsPeer tls(peer, certificate);
            script(tls);
        };
    }
    static std::string url(const LoopbackUpstream& upstream) {
        return fmt::format("https://127.0.0.1:{}/", upstream.port());
    }
    void expect_ok(const std::string& url, std::string_view body) {
        RecordingHandler handler;
        get(url, handler);
        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error) << handler.error->message;
        EXPECT_EQ(handler.data, body);
    }

    TestCertificate certificate;
};

TEST_F(TlsClientTest, UsesAConnectionAgain) {
    LoopbackUpstream upstream(over_tls([](TlsPeer& peer) {
        while (!peer.read_request().empty()) peer.send(plain_answer("ok"));
    }));

    for (int i = 0; i < 3; ++i) expect_ok(url(upstream), "ok");

    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(TlsClientTest, TriesAFreshConnectionWhenThePooledOneDies) {
    std::atomic<int> asked{0};
    LoopbackUpstream upstream(over_tls([&](TlsPeer& peer) {
        while (!peer.read_request().empty() && ++asked != 2) peer.send(plain_answer("ok"));
    }));

    for (int i = 0; i < 3; ++i) expect_ok(url(upstream), "ok");

    EXPECT_EQ(upstream.connections(), 2);
}

// Many records in one packet, and one record that is larger than a read.
TEST_F(TlsClientTest, ReadsAllThatHasComeHoweverItIsPacked) {
    const std::string large(16384, 'x');
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        TlsPeer tls(peer, certificate);
        tls.read_request();
        tls.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 200; ++i) tls.send(chunk(large) + chunk("y"));
        tls.send("0\r\n\r\n");
        tls.read_request();  // the connection stays: nothing else wakes the client up
    });
    RecordingHandler handler;

    get(url(upstream), handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.data.size(), 200 * (large.size() + 1));
}

// What is left of a record after a read is seen by nobody but TLS itself.
TEST_F(TlsClientTest, ReadsARecordOfAnySizeToItsEnd) {
    for (const size_t size : {500, 1000, 1024, 1025, 3000, 4096, 9000, 16000, 17000, 40000}) {
        const std::string body(size, 'x');
        LoopbackUpstream upstream(over_tls([&](TlsPeer& peer) {
            peer.read_request();
            peer.send(plain_answer(body));
            peer.read_request();  // the connection stays: nothing else wakes the client up
        }));
        RecordingHandler handler;

        start({.method = "GET", .url = url(upstream), .idle_timeout = std::chrono::seconds(5)},
              handler);

        ASSERT_TRUE(handler.done());
        EXPECT_FALSE(handler.error) << size << ": " << handler.error->message;
        EXPECT_EQ(handler.data.size(), size);
    }
}

TEST_F(TlsClientTest, LosesNothingWhenPausedAtEveryPiece) {
    constexpr int count = 300;
    LoopbackUpstream upstream(over_tls([](TlsPeer& peer) {
        peer.read_request();
        std::string events;
        for (int i = 0; i < count; ++i)
            events += chunk(fmt::format("data: {} {}\n\n", i, std::string(1000, 'x')));
        peer.send(sse_head() + events + "0\r\n\r\n");
        peer.read_request();
    }));
    RecordingHandler handler;
    HttpCallId id = 0;
    handler.at_event = [&] {
        client->pause(id);
        thread.loop().post([&] { client->resume(id); });
    };

    thread.call([&] {
        id = client->start({.method = "GET", .url = url(upstream), .split_sse = true}, handler)
                 .value();
    });

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error) << handler.error->message;
    ASSERT_EQ(handler.events.size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i)
        EXPECT_TRUE(handler.events[i].starts_with(fmt::format("{} ", i)));
}

TEST_F(TlsClientTest, SendsALargeRequestWhileAnAnswerComes) {
    const std::string much(4 << 20, 'x');
    std::atomic<size_t> taken{0};
    LoopbackUpstream upstream(over_tls([&](TlsPeer& peer) {
        taken += peer.read_some().size();
        peer.send(plain_answer(much));
        while (taken < much.size()) {
            const auto bytes = peer.read_some();
            if (bytes.empty()) return;
            taken += bytes.size();
        }
        peer.read_some();
    }));
    RecordingHandler handler;

    start({.method = "POST", .url = url(upstream), .body = much}, handler);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.data.size(), much.size());
}

TEST_F(TlsClientTest, ClosesTheConnectionAtOnceWhenCancelled) {
    std::promise<void> closed;
    LoopbackUpstream upstream(over_tls([&](TlsPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n"));
        if (peer.wait_until_closed()) closed.set_value();
    }));
    RecordingHandler handler;
    const auto id = get_events(url(upstream), handler);
    ASSERT_TRUE(handler.wait_for([&] { return handler.events.size() == 1; }));

    cancel(id);

    EXPECT_EQ(closed.get_future().wait_for(patience), std::future_status::ready);
    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.error->code, ErrorCode::cancelled);
}

TEST_F(TlsClientTest, SaysTruncatedWhenALengthIsNotReachedHoweverItEnds) {
    for (const bool properly : {true, false}) {
        LoopbackUpstream upstream(over_tls([&](TlsPeer& peer) {
            peer.read_request();
            peer.send(sse_head() + chunk("data: one\n\n"));
            if (properly) peer.end();
        }));
        RecordingHandler handler;

        get_events(url(upstream), handler);

        ASSERT_TRUE(handler.done());
        ASSERT_TRUE(handler.error);
        EXPECT_EQ(handler.error->code, ErrorCode::upstream_truncated);
        EXPECT_EQ(handler.events, std::vector<std::string>{"one"});
    }
}

TEST_F(TlsClientTest, SaysTruncatedAfterAReset) {
    RecordingHandler handler;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        TlsPeer tls(peer, certificate);
        tls.read_request();
        tls.send(sse_head() + chunk("data: one\n\n"));
        handler.wait_for([&] { return handler.events.size() == 1; });  // else it may be lost
        peer.reset();
    });

    get_events(url(upstream), handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream_truncated);
}

TEST_F(TlsClientTest, TakesTlsOwnEndAloneForTheEndOfABodyWithoutALength) {
    for (const bool properly : {true, false}) {
        LoopbackUpstream upstream(over_tls([&](TlsPeer& peer) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
            if (properly) peer.end();
        }));
        RecordingHandler handler;

        get(url(upstream), handler);

        ASSERT_TRUE(handler.done());
        EXPECT_EQ(handler.data, "all of it");
        ASSERT_EQ(handler.error.has_value(), !properly);
        if (!properly) {
            EXPECT_EQ(handler.error->code, ErrorCode::upstream_truncated);
        }
    }
}

TEST_F(TlsClientTest, ReachesAnUpstreamThroughAProxysTunnel) {
    std::string tunnel, request;
    LoopbackUpstream proxy([&](UpstreamPeer& peer) {
        tunnel = peer.read_request();
        peer.send("HTTP/1.1 200 Connected\r\n\r\n");
        TlsPeer tls(peer, certificate);
        request = tls.read_request();
        tls.send(plain_answer("through"));
    });
    make_client(fmt::format("http://user:pw@localhost:{}", proxy.port()));

    expect_ok("https://nobody.invalid/x", "through");

    EXPECT_TRUE(tunnel.starts_with("CONNECT nobody.invalid:443 HTTP/1.1\r\n")) << tunnel;
    EXPECT_NE(tunnel.find("Proxy-Authorization: Basic dXNlcjpwdw==\r\n"), std::string::npos);
    EXPECT_TRUE(request.starts_with("GET /x HTTP/1.1\r\nHost: nobody.invalid\r\n")) << request;
    EXPECT_EQ(request.find("Proxy-"), std::string::npos);
}

TEST_F(TlsClientTest, SaysUpstreamWhenAProxyRefusesTheTunnel) {
    LoopbackUpstream proxy([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        peer.wait_until_closed();
    });
    make_client(fmt::format("http://localhost:{}", proxy.port()));
    RecordingHandler handler;

    get("https://nobody.invalid/x", handler);

    ASSERT_TRUE(handler.done());
    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->code, ErrorCode::upstream);
    EXPECT_EQ(handler.error->message,
              "the proxy refused to connect to nobody.invalid:443 with status 403");
    EXPECT_FALSE(handler.error->retryable);
}

TEST_F(TlsClientTest, SpeaksTlsWithAProxyToo) {
    std::string request;
    LoopbackUpstream proxy(over_tls([&](TlsPeer& peer) {
        request = peer.read_request();
        peer.send(plain_answer("by proxy"));
        peer.read_request();
    }));
    thread.call([&] {
        ::setenv("SSL_CERT_FILE", certificate.file().c_str(), 1);
        ::setenv("http_proxy", url(proxy).c_str(), 1);
        client = std::make_unique<HttpClient>(thread.loop(), resolver);
        ::unsetenv("http_proxy");
        ::unsetenv("SSL_CERT_FILE");
    });

    expect_ok("http://nobody.invalid/x", "by proxy");

    EXPECT_TRUE(request.starts_with("GET http://nobody.invalid/x HTTP/1.1\r\n")) << request;
}

}  // namespace
}  // namespace patchbay::net
