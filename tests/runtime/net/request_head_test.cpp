#include "runtime/net/request_head.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

// The head for this URL, through this proxy where one is named.
std::string head_for(HttpCallOptions options, const std::string& proxy = "") {
    const ProxySettings proxies{.http = proxy, .https = proxy, .exceptions = ""};
    const auto upstream = check_request(options);
    EXPECT_TRUE(upstream) << options.url;
    return upstream ? request_head(options, {*upstream, proxies.proxy_for(*upstream)}) : "";
}

std::string head_for(const std::string& url, const std::string& proxy = "") {
    return head_for({.method = "GET", .url = url}, proxy);
}

std::string first_lines_of(const std::string& url) {
    const std::string head = head_for(url);
    return head.substr(0, head.find("Accept"));
}

TEST(RequestHeadTest, SaysWhatIsAskedAndOfWhom) {
    EXPECT_EQ(head_for("http://example.org/a?b=c"),
              "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n");
}

TEST(RequestHeadTest, TakesPathQueryAndHostFromTheUrl) {
    const auto expect = [](const char* url, const char* target, const char* host) {
        EXPECT_EQ(first_lines_of(url), fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", target, host))
            << url;
    };
    expect("http://example.org", "/", "example.org");
    expect("http://example.org?x=1", "/?x=1", "example.org");
    expect("http://example.org/a?b#fragment", "/a?b", "example.org");
    expect("http://example.org/a/../b/./c?d=/../e", "/b/c?d=/../e", "example.org");
    expect("http://example.org/\xc3\xa4/%41%2f", "/%c3%a4/%41%2f", "example.org");
    expect("http://example.org:80/", "/", "example.org");
    expect("http://example.org:443/", "/", "example.org:443");
    expect("https://example.org:443/", "/", "example.org");
    expect("https://example.org:80/", "/", "example.org:80");
    expect("http://Example.ORG:8080/X", "/X", "Example.ORG:8080");
    expect("http://127.1:8080/", "/", "127.0.0.1:8080");
    expect("http://[2001:db8::1]:8080/", "/", "[2001:db8::1]:8080");
    expect("http://[fe80::1%25eth0]/", "/", "[fe80::1]");
}

TEST(RequestHeadTest, LeavesTheFramingToItself) {
    EXPECT_EQ(head_for({.method = "POST",
                        .url = "http://h/",
                        .headers = {{"content-length", "77"},
                                    {"Transfer-Encoding", "chunked"},
                                    {"Expect", "100-continue"},
                                    {"Connection", "close"},
                                    {"X-Empty", ""},
                                    {"X", "1"}},
                        .body = "abc"}),
              "POST / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-Empty:\r\nX: 1\r\n"
              "Content-Length: 3\r\n\r\n");
}

TEST(RequestHeadTest, NamesALengthWhereThereIsABodyOrOneIsExpected) {
    const auto length_in = [](const char* method, const char* body) {
        const auto head = head_for({.method = method, .url = "http://h/", .body = body});
        const size_t at = head.find("Content-Length: ");
        return at == std::string::npos ? "" : head.substr(at + 16, 1);
    };
    for (const char* method : {"POST", "PUT", "PATCH"}) EXPECT_EQ(length_in(method, ""), "0");
    for (const char* method : {"GET", "DELETE", "OPTIONS", "HEAD"})
        EXPECT_EQ(length_in(method, ""), "") << method;
    for (const char* method : {"GET", "DELETE", "POST"}) EXPECT_EQ(length_in(method, "x"), "1");
    EXPECT_EQ(length_in("HEAD", "x"), "");
    EXPECT_EQ(request_body({.method = "HEAD", .url = "http://h/", .body = "x"}), "");
}

TEST(RequestHeadTest, TakesTheCallersHostAndAcceptForItsOwn) {
    EXPECT_EQ(head_for({.method = "GET",
                        .url = "http://h/",
                        .headers = {{"accept", "text/event-stream"}, {"host", "other"}}}),
              "GET / HTTP/1.1\r\nHost: other\r\naccept: text/event-stream\r\n\r\n");
}

TEST(RequestHeadTest, SendsTheUrlsUserUnlessTheCallerHasCredentials) {
    const std::string url = "http://us%65r:p%40ss:x@h/";

    EXPECT_EQ(first_lines_of(url),
              "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dXNlcjpwQHNzOng=\r\n");
    EXPECT_EQ(first_lines_of("http://user@h/"),
              "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dXNlcjo=\r\n");
    EXPECT_EQ(first_lines_of("http://a%0d%0ab:c@h/"),
              "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YQ0KYjpj\r\n");
    EXPECT_EQ(head_for({.method = "GET", .url = url, .headers = {{"authorization", "Bearer k"}}}),
              "GET / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nauthorization: Bearer k\r\n\r\n");
}

TEST(RequestHeadTest, AsksAProxyForTheWholeUrlAndGivesItItsOwnCredentialsOnly) {
    EXPECT_EQ(head_for("http://a:b@example.org:81/x/../y?z#f", "http://us%65r:p%40w@proxy:3128"),
              "GET http://example.org:81/y?z HTTP/1.1\r\nHost: example.org:81\r\n"
              "Proxy-Authorization: Basic dXNlcjpwQHc=\r\nProxy-Connection: Keep-Alive\r\n"
              "Authorization: Basic YTpi\r\nAccept: */*\r\n\r\n");
    EXPECT_EQ(head_for("http://[2001:db8::1]:8080", "https://proxy"),
              "GET http://[2001:db8::1]:8080/ HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n"
              "Proxy-Connection: Keep-Alive\r\nAccept: */*\r\n\r\n");
}

TEST(RequestHeadTest, AsksTheUpstreamItselfThroughATunnel) {
    const std::string plain = "GET /x HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n";

    EXPECT_EQ(head_for("https://example.org/x", "http://user:pw@proxy:3128"), plain);
    EXPECT_EQ(head_for("http://example.org/x", "socks5://user:pw@proxy:1080"), plain);
}

TEST(RouteKeyTest, IsTheSameWhereConnectionsAreAsGoodAsEachOther) {
    const auto key = [](const char* url, const char* proxy = "") {
        const ProxySettings proxies{.http = proxy, .https = proxy, .exceptions = ""};
        const auto upstream = parse_endpoint(url).value();
        return Route{upstream, proxies.proxy_for(upstream)}.key();
    };
    const auto usual = key("http://example.org/a");

    for (const char* same : {"http://EXAMPLE.org:80/b?c", "http://user:pw@example.org/"})
        EXPECT_EQ(key(same), usual);
    for (const char* other : {"https://example.org/a", "http://example.org:81/a",
                              "http://www.example.org/a", "https://example.org:80/"})
        EXPECT_NE(key(other), usual);
    EXPECT_NE(key("http://example.org/", "http://proxy:1"), usual);
    EXPECT_NE(key("http://example.org/", "http://proxy:1"),
              key("http://example.org/", "http://u:p@proxy:1"));
    EXPECT_NE(key("http://[fe80::1%25a]/"), key("http://[fe80::1%25b]/"));
}

}  // namespace
}  // namespace patchbay::net
