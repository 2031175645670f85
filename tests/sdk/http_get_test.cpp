// The tool http_get against the fake host.
#include "plugin_under_test.hpp"

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::testing::HttpAnswer;
using patchbay::testing::is_utf8;

class HttpGetTest : public PluginUnderTest {
protected:
    HttpGetTest() : PluginUnderTest(HTTP_GET_PLUGIN) {}

    void configure(json config = json::object()) {
        if (!config.contains("hosts"))
            config["hosts"] = {"example.org", "*.example.com", "xn--bcher-kva.example"};
        const auto created = create(config.dump());
        ASSERT_TRUE(created) << created.error().message;
    }
    patchbay::testing::FakeStream& get(const std::string& url) {
        return call({.name = "http_get", .arguments_json = json{{"url", url}}.dump()});
    }
    json output_of(const std::string& url) {
        auto& started = get(url);
        if (started.error()) return {{"error", started.error()->message}};
        EXPECT_LE(started.output().size(), 64u * 1024);
        return json::parse(started.output());
    }
    // The error of a call that must fail, and may be told to the model.
    Error error_of(const std::string& url) {
        auto& started = get(url);
        EXPECT_TRUE(started.error()) << url << ": " << started.output();
        if (!started.error()) return {};
        EXPECT_TRUE(started.error()->user_safe) << started.error()->message;
        return *started.error();
    }
    ErrorCode code_of(const std::string& url) { return error_of(url).code; }

    void page(const std::string& url, const std::string& body,
              const std::string& type = "text/plain") {
        host.http().answer(url, {.headers = {{"Content-Type", type}}, .chunks = {{body}}});
    }
    void redirect(const std::string& url, const std::string& location, uint32_t status = 302) {
        host.http().answer(url, {.status = status,
                                 .headers = {{"Location", location}, {"Content-Type", "text/html"}},
                                 .chunks = {{"moved"}}});
    }
};

TEST_F(HttpGetTest, GivesStatusAddressTypeAndText) {
    configure();
    page("https://example.org/a?b=c", "<p>Hello</p>", "text/html; charset=utf-8");

    const auto output = output_of("https://example.org/a?b=c#part");

    EXPECT_EQ(output, (json{{"status", 200},
                            {"url", "https://example.org/a?b=c"},
                            {"content_type", "text/html; charset=utf-8"},
                            {"text", "<p>Hello</p>"},
                            {"truncated", false}}));
    const auto& asked = host.http().calls().at(0);
    EXPECT_EQ(asked.method, "GET");
    EXPECT_TRUE(asked.public_only());
    EXPECT_LE(asked.settings.total_timeout_ms, 20'000u);  // less what has passed of it
    EXPECT_GT(asked.settings.total_timeout_ms, 0u);
}

TEST_F(HttpGetTest, GivesWhatAFailingServerSays) {
    configure();
    host.http().answer(
        "https://example.org/none",
        {.status = 404, .headers = {{"content-type", "text/plain"}}, .chunks = {{"no such page"}}});
    host.http().answer("https://example.org/empty", {.status = 204, .headers = {}});

    EXPECT_EQ(output_of("https://example.org/none")["status"], 404);
    EXPECT_EQ(output_of("https://example.org/empty")["text"], "");
}

TEST_F(HttpGetTest, FetchesFromTheHostsOfItsListOnly) {
    configure();
    for (const char* url : {"https://example.org/", "https://EXAMPLE.org/", "https://example.org./",
                            "https://example.org:8443/", "https://a.example.com/",
                            "https://a.b.example.com/", "https://xn--bcher-kva.example/"})
        EXPECT_EQ(code_of(url), ErrorCode::upstream) << url;  // it was asked; nothing is scripted
    const auto asked = host.http().calls().size();

    for (const char* url :
         {"https://example.com/", "https://.example.com/", "https://evil.org/",
          "https://example.org.evil.org/", "https://notexample.org/", "https://sub.example.org/",
          "https://evilexample.com/", "https://127.0.0.1/", "https://[::1]/"}) {
        const auto code = code_of(url);
        EXPECT_TRUE(code == ErrorCode::forbidden || code == ErrorCode::bad_request) << url;
    }
    for (const char* url :
         {"https://example.org@evil.org/", "https://evil.org\\@example.org/",
          "https://user@example.org/", "https://user:password@example.org/",
          "https://:@evil.org:80#@example.org/", "https://example.org%00.evil.org/",
          "https://example.org\t.evil.org/", "https://example.org%2eevil.org/"}) {
        const auto code = code_of(url);
        EXPECT_TRUE(code == ErrorCode::forbidden || code == ErrorCode::bad_request) << url;
    }
    EXPECT_EQ(host.http().calls().size(), asked);
}

TEST_F(HttpGetTest, AStarThatIsWrittenOutAllowsAll) {
    configure({{"hosts", {"*"}}, {"schemes", {"http", "https"}}});
    page("http://anything.test/", "ok");

    EXPECT_EQ(output_of("http://anything.test/")["text"], "ok");
    EXPECT_TRUE(host.http().calls().at(0).public_only());
}

TEST_F(HttpGetTest, ReadsTheSchemesOfItsListOnly) {
    configure();
    EXPECT_EQ(code_of("http://example.org/"), ErrorCode::forbidden);
    for (const char* url : {"ftp://example.org/", "file:///etc/passwd", "gopher://example.org/",
                            "data:text/plain,x", "dict://example.org/", "", "example.org",
                            "https://", "https:///x", "//example.org/", "https://exa mple.org/"})
        EXPECT_NE(code_of(url), ErrorCode::upstream) << url;
    EXPECT_TRUE(host.http().calls().empty());
}

TEST_F(HttpGetTest, PrivateAddressesAreAllowedByTheConfigAlone) {
    configure({{"hosts", {"127.0.0.1"}}, {"schemes", {"http"}}, {"allow_private", true}});
    page("http://127.0.0.1:8080/", "lab");

    EXPECT_EQ(output_of("http://127.1:8080/")["text"], "lab");
    EXPECT_FALSE(host.http().calls().at(0).public_only());
}

TEST_F(HttpGetTest, TellsWhatTheHostRefused) {
    configure();
    host.http().answer("https://example.org/",
                       {.status = 0,
                        .failure = Error{.code = ErrorCode::forbidden,
                                         .message = "example.org:443 is not on the public internet",
                                         .user_safe = true}});

    const auto error = error_of("https://example.org/");

    EXPECT_EQ(error.code, ErrorCode::forbidden);
    EXPECT_EQ(error.message, "example.org:443 is not on the public internet");
}

TEST_F(HttpGetTest, FollowsRedirectsOfEachKind) {
    configure();
    redirect("https://example.org/1/a", "https://x.example.com/2", 301);
    redirect("https://x.example.com/2", "//example.org/3/b?c", 302);
    redirect("https://example.org/3/b?c", "/4/d", 303);
    redirect("https://example.org/4/d", "e", 307);
    redirect("https://example.org/4/e", "?f", 308);
    page("https://example.org/4/e?f", "there");

    const auto output = output_of("https://example.org/1/a");

    EXPECT_EQ(output["text"], "there");
    EXPECT_EQ(output["url"], "https://example.org/4/e?f");
    for (const auto& asked : host.http().calls()) EXPECT_TRUE(asked.public_only());
}

TEST_F(HttpGetTest, ChecksEveryTargetOfARedirect) {
    configure({{"hosts", {"example.org"}}, {"schemes", {"http", "https"}}});
    const std::vector<std::pair<std::string, ErrorCode>> targets = {
        {"https://evil.org/", ErrorCode::forbidden},
        {"http://example.org/", ErrorCode::forbidden},  // from https
        {"http://127.0.0.1/", ErrorCode::forbidden},
        {"//169.254.169.254/latest/meta-data", ErrorCode::forbidden},
        {"file:///etc/passwd", ErrorCode::bad_request},
        {"https://user:password@example.org/", ErrorCode::bad_request},
    };
    for (const auto& [target, code] : targets) {
        redirect("https://example.org/", target);
        EXPECT_EQ(code_of("https://example.org/"), code) << target;
    }
    EXPECT_EQ(host.http().calls().size(), targets.size());
}

TEST_F(HttpGetTest, GoesFromHttpToHttpsAndGivesUpAfterFiveRedirects) {
    configure({{"hosts", {"example.org"}}, {"schemes", {"http", "https"}}});
    redirect("http://example.org/", "https://example.org/0");
    page("https://example.org/0", "ok");
    EXPECT_EQ(output_of("http://example.org/")["text"], "ok");

    for (int i = 0; i < 7; ++i) redirect("https://example.org/loop", "https://example.org/loop");
    const auto error = error_of("https://example.org/loop");

    EXPECT_EQ(error.code, ErrorCode::upstream);
    EXPECT_EQ(host.http().calls().size(), 2u + 6u);
}

TEST_F(HttpGetTest, WhatIsNoTextIsRefusedUnread) {
    configure();
    for (const char* type :
         {"image/png", "application/octet-stream", "application/pdf", "", "text", "video/mp4"}) {
        page("https://example.org/", std::string(100'000, 'x'), type);
        EXPECT_EQ(code_of("https://example.org/"), ErrorCode::unsupported_media_type) << type;
        EXPECT_TRUE(host.http().calls().back().cancelled) << type;
    }
    for (const char* type :
         {"TEXT/HTML", "application/json;charset=x", "application/ld+json", "image/svg+xml",
          " text/csv ; header=present", "application/xhtml+xml"}) {
        page("https://example.org/", "ok", type);
        EXPECT_EQ(output_of("https://example.org/")["text"], "ok") << type;
    }
    host.http().answer("https://example.org/",
                       {.headers = {{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}},
                        .chunks = {{"\x1f\x8b"}}});
    EXPECT_EQ(code_of("https://example.org/"), ErrorCode::unsupported_media_type);
    page("https://example.org/", "x", "text/plain; charset=UTF-16LE");
    EXPECT_EQ(code_of("https://example.org/"), ErrorCode::unsupported_media_type);
}

TEST_F(HttpGetTest, ALargePageIsCutAndTheRestNotRead) {
    configure({{"hosts", {"example.org"}}, {"text_bytes", 1000}});
    HttpAnswer endless{.headers = {{"Content-Type", "text/plain"}}};
    for (int i = 0; i < 100; ++i) endless.chunks.emplace_back(std::string(99, 'x'));
    host.http().answer("https://example.org/", std::move(endless));
    page("https://example.org/exact", std::string(1000, 'x'));

    const auto output = output_of("https://example.org/");

    EXPECT_EQ(output["text"].get<std::string>(), std::string(1000, 'x'));
    EXPECT_EQ(output["truncated"], true);
    EXPECT_TRUE(host.http().calls().at(0).cancelled);
    EXPECT_EQ(output_of("https://example.org/exact")["truncated"], false);
}

TEST_F(HttpGetTest, NoTextMakesAnOutputThatIsTooLarge) {
    configure();
    for (const std::string piece : {"x", "\"", "\\", "\n", "\x01", "\x7f", "\xC3\xA9",
                                    "\xF0\x9F\x98\x80", "\xFF", "\t\x02\"y"}) {
        std::string body;
        while (body.size() < 200'000) body += piece;
        page("https://example.org/", body);

        const auto output = output_of("https://example.org/");

        const std::string text = output.value("text", "");
        EXPECT_GT(text.size(), 10'000u);
        EXPECT_LE(text.size(), 48u * 1024);
        EXPECT_TRUE(is_utf8(text));
        EXPECT_EQ(output["truncated"], true);
    }
}

TEST_F(HttpGetTest, TextsBecomeUtf8) {
    configure();
    const std::vector<std::tuple<std::string, std::string, std::string>> pages = {
        {"text/plain; charset=ISO-8859-1", "caf\xE9 \x80 \x81", "café € \xEF\xBF\xBD"},
        {"text/html; Charset=\"windows-1252\"; x=y", "\x93q\x94", "“q”"},
        {"text/plain", "caf\xC3\xA9 \xE9!", "café \xEF\xBF\xBD!"},
        {"text/plain; charset=utf-8", "\xEF\xBB\xBFok\xE2\x82", "ok\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"text/plain; charset=utf-8", std::string("a\0b", 3),
         "a\xEF\xBF\xBD"
         "b"},
        {"text/plain; charset=utf-8", "\xC0\xAF\xED\xA0\x80",
         [] {
             std::string five;
             for (int i = 0; i < 5; ++i) five += "\xEF\xBF\xBD";
             return five;
         }()},
    };
    for (const auto& [type, bytes, text] : pages) {
        page("https://example.org/", bytes, type);
        EXPECT_EQ(output_of("https://example.org/")["text"], text) << type;
    }
    page("https://example.org/", "ok", "text/plain; x=\xE9");
    EXPECT_EQ(output_of("https://example.org/")["content_type"], "text/plain; x=\xEF\xBF\xBD");
}

TEST_F(HttpGetTest, ACallThatIsCancelledEndsItsFetch) {
    configure();
    host.http().answer("https://example.org/", {.headers = {{"Content-Type", "text/plain"}},
                                                .delay = std::chrono::hours(1)});
    const auto started =
        host.call({.name = "http_get", .arguments_json = R"({"url":"https://example.org/"})"});
    ASSERT_TRUE(started);

    (*started)->cancel();
    host.run();

    EXPECT_EQ((*started)->finish_reason(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_TRUE(host.http().calls().at(0).cancelled);
}

TEST_F(HttpGetTest, TellsTheModelWhichHostsThereAre) {
    configure();

    const auto described = json::parse(host.describe()).at(0);

    EXPECT_EQ(described["name"], "http_get");
    EXPECT_EQ(described["idempotent"], true);
    EXPECT_NE(described["description"].get<std::string>().find("*.example.com"), std::string::npos);
    EXPECT_EQ(described["parameters"]["required"], json::array({"url"}));
}

}  // namespace
