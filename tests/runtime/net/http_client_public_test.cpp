// Calls that are for the public internet alone.
#include "http_client_fixture.hpp"

#include <cstdlib>

namespace patchbay::net {
namespace {

using Addresses = std::vector<std::string>;

// What the tests' name server says; it changes its mind from one question to the next.
Result<Addresses> look_up(const std::string& host) {
    if (host == "inside.example.com") return Addresses{"127.0.0.1", "::1", "10.0.0.1"};
    if (host == "mapped.example.com") return Addresses{"::ffff:127.0.0.1", "64:ff9b::7f00:1"};
    Error error{.code = ErrorCode::upstream, .message = "no such name: " + host};
    error.retryable = host == "tired.example.com";
    return std::unexpected(error);
}

class PublicOnlyTest : public HttpClientTest {
protected:
    PublicOnlyTest() : HttpClientTest({.look_up = look_up}) {}

    LoopbackUpstream upstream{[](UpstreamPeer& peer) {
        while (!peer.read_request().empty()) peer.send(plain_answer("ok"));
    }};

    std::string url(const std::string& host, const std::string& scheme = "http") {
        return fmt::format("{}://{}:{}/", scheme, host, upstream.port());
    }
    void run(const std::string& to, bool public_only, RecordingHandler& handler) {
        start({.method = "GET", .url = to, .public_only = public_only}, handler);
        ASSERT_TRUE(handler.done());
    }
    void expect_forbidden(const std::string& to) {
        RecordingHandler handler;
        run(to, true, handler);
        ASSERT_TRUE(handler.error) << to;
        EXPECT_EQ(handler.error->code, ErrorCode::forbidden) << to << handler.error->message;
        EXPECT_TRUE(handler.error->user_safe);
        EXPECT_EQ(handler.heads, 0);
    }
};

TEST_F(PublicOnlyTest, RefuseThisMachineInEverySpelling) {
    for (const char* host : {"127.0.0.1",
                             "127.1",
                             "2130706433",
                             "0x7f000001",
                             "0x7F.0.0.1",
                             "017700000001",
                             "0177.0.0.1",
                             "127.0.0.1.",
                             "0.0.0.0",
                             "0",
                             "[::1]",
                             "[0:0:0:0:0:0:0:1]",
                             "[::]",
                             "[::ffff:127.0.0.1]",
                             "[::ffff:7f00:1]",
                             "[::127.0.0.1]",
                             "[64:ff9b::127.0.0.1]",
                             "[2002:7f00:1::]",
                             "user:pass@127.0.0.1",
                             "127.0.0.2"}) {
        RecordingHandler handler;
        run(url(host), true, handler);
        ASSERT_TRUE(handler.error) << host;
        // What is no address to libcurl either is a name that does not exist.
        EXPECT_EQ(handler.error->code, ErrorCode::forbidden)
            << host << ": " << handler.error->message;
    }

    EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(PublicOnlyTest, RefuseNamesOfOtherAddressesAndDoNotTellThem) {
    for (const char* host : {"inside.example.com", "mapped.example.com"}) {
        for (const char* scheme : {"http", "https"}) {
            RecordingHandler handler;
            run(url(host, scheme), true, handler);

            ASSERT_TRUE(handler.error);
            EXPECT_EQ(handler.error->code, ErrorCode::forbidden);
            EXPECT_EQ(handler.error->message,
                      fmt::format("{}:{} is not on the public internet, or there is no such host",
                                  host, upstream.port()));
        }
    }

    EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(PublicOnlyTest, DoNotTellWhichNamesThereAreInside) {
    const auto told_of = [&](const std::string& host) {
        RecordingHandler handler;
        run(url(host), true, handler);
        auto error = handler.error.value_or(Error{});
        error.message.replace(0, error.message.find(' '), "HOST");
        return error;
    };

    const auto inside = told_of("inside.example.com"), nowhere = told_of("nowhere.example.com");

    EXPECT_EQ(inside.message, nowhere.message);
    EXPECT_EQ(inside.code, nowhere.code);
    EXPECT_EQ(inside.retryable, nowhere.retryable);
    EXPECT_EQ(inside.user_safe, nowhere.user_safe);
    EXPECT_TRUE(told_of("tired.example.com").retryable);  // the name server's own trouble
}

TEST_F(PublicOnlyTest, AnswerOthersThatANameDoesNotExist) {
    RecordingHandler handler;

    run(url("nowhere.example.com"), false, handler);

    ASSERT_TRUE(handler.error);
    EXPECT_EQ(handler.error->message, "no such name: nowhere.example.com");
}

TEST_F(PublicOnlyTest, TakeNoConnectionThatACallWithoutTheRuleHasLeft) {
    for (const char* host : {"127.0.0.1", "inside.example.com"}) {
        RecordingHandler any;
        run(url(host), false, any);
        EXPECT_EQ(any.data, "ok");

        expect_forbidden(url(host));

        RecordingHandler again;
        run(url(host), false, again);
        EXPECT_EQ(again.data, "ok");
    }

    EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(PublicOnlyTest, LeaveNoRuleBehindForTheNextCall) {
    expect_forbidden(url("inside.example.com"));

    RecordingHandler next;  // libcurl's handle is used again
    run(url("inside.example.com"), false, next);

    EXPECT_FALSE(next.error) << next.error->message;
    EXPECT_EQ(next.data, "ok");
}

TEST_F(PublicOnlyTest, GoThroughNoProxy) {
    thread.call([&] {
        ::setenv("http_proxy", upstream.url().c_str(), 1);
        client = std::make_unique<HttpClient>(thread.loop(), resolver);
        ::unsetenv("http_proxy");
    });
    RecordingHandler any;

    expect_forbidden("http://inside.example.com/");
    run("http://inside.example.com/", false, any);

    EXPECT_EQ(any.data, "ok");
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(PublicOnlyTest, ThatAreRefusedMayBeCancelledFirst) {
    RecordingHandler handler;
    thread.call([&] {
        ::setenv("http_proxy", upstream.url().c_str(), 1);
        client = std::make_unique<HttpClient>(thread.loop(), resolver);
        ::unsetenv("http_proxy");
        const auto id = client->start(
            {.method = "GET", .url = "http://x.example/", .public_only = true}, handler);
        client->cancel(id.value());
    });

    ASSERT_TRUE(handler.done());

    EXPECT_EQ(handler.error->code, ErrorCode::cancelled);
    EXPECT_EQ(running(), 0u);
    EXPECT_EQ(handler.dones, 1);
}

}  // namespace
}  // namespace patchbay::net
