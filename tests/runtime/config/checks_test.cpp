#include "runtime/config/address.hpp"
#include "runtime/config/reload.hpp"
#include "runtime/config/schema.hpp"
#include "runtime/config/surfaces.hpp"
#include "tests/runtime/config/config_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

std::string config_with_auth(const std::string& auth, const std::string& more = "") {
    return R"({"plugins": {"keys": {"library": "k"}, "old": {"library": "k", "enabled": false}},
               "models": {"default": "any"}, "auth": )" +
           auth + more + "}";
}

TEST(ChecksTest, AuthPluginMustExistAndBeOn) {
    const auto text = complaints(config_with_auth(R"(["keyz", "old"])"));

    EXPECT_NE(text.find("/auth/0: found a name that is not in \"plugins\""), std::string::npos);
    EXPECT_NE(text.find("did you mean \"keys\""), std::string::npos) << text;
    EXPECT_NE(text.find("/auth/1: found the plugin \"old\", which is off"), std::string::npos);
}

TEST(ChecksTest, NoAuthIsRefusedUnlessAnonymousIsAllowed) {
    EXPECT_NE(complaints(config_with_auth("[]")).find("/auth: found no auth plugin"),
              std::string::npos);
    EXPECT_EQ(complaints(config_with_auth("[]", R"(, "anonymous": "allow")")), "");
}

TEST(ChecksTest, AnonymousIsAllowedOnThisMachineOnly) {
    const auto with_listen = [](const std::string& listen) {
        return complaints(config_with_auth(
            "[]", R"(, "anonymous": "allow", "server": {"listen": [)" + listen + "]}"));
    };

    EXPECT_EQ(with_listen(R"("127.0.0.1:1", "[::1]:2", "unix:/run/x.sock")"), "");
    EXPECT_NE(with_listen(R"("127.0.0.1:1", "0.0.0.0:2")").find("/anonymous"), std::string::npos);
    EXPECT_NE(with_listen(R"("[::]:2")").find("/anonymous"), std::string::npos);
}

TEST(ChecksTest, ListenFlagCannotOpenAnAnonymousServer) {
    const TemporaryFolder folder;
    const auto file = folder.write("p.json", config_with_auth("[]", R"(, "anonymous": "allow")"));

    EXPECT_FALSE(load({.file = file, .listen = {"0.0.0.0:80"}}));
}

TEST(ChecksTest, DefaultModelNamesAnInstanceThatExists) {
    const auto with_model = [](const std::string& model) {
        return complaints(R"({"plugins": {"keys": {"library": "k"}, "demo": {"library": "d"}},
            "auth": ["keys"], "models": {"default": ")" +
                          model + R"(",
            "aliases": {"big/model": ["demo/x"]}}})");
    };

    EXPECT_EQ(with_model("demo/x"), "");
    EXPECT_EQ(with_model("big/model"), "");
    EXPECT_EQ(with_model("listed-somewhere"), "");
    EXPECT_NE(with_model("demmo/x").find("did you mean \"demo\""), std::string::npos);
}

TEST(ChecksTest, MiddlewareMustExist) {
    EXPECT_NE(complaints(valid_with(R"("middleware": ["cache"])")).find("/middleware/0"),
              std::string::npos);
}

// It would see no turn at all, and what it is to take out would pass.
TEST(ChecksTest, WhatAMiddlewareAppliesToMustExist) {
    const auto with = [](const std::string& applies_to) {
        return complaints(R"({"plugins": {"keys": {"library": "k"}, "assistant": {"library": "a"},
            "upstream": {"library": "u"}, "resting": {"library": "r", "enabled": false},
            "redact": {"library": "r", "applies_to": )" +
                          applies_to + R"(}}, "auth": ["keys"], "middleware": ["redact"],
            "models": {"default": "any"}})");
    };
    const std::string place = "/plugins/redact/applies_to";

    EXPECT_EQ(with(R"({"surfaces": ["native", "stream-conversation", "stream-simple"],
                       "agents": ["chat", "assistant", "resting"],
                       "providers": ["upstream", "resting"]})"),
              "");
    const auto text = with(R"({"surfaces": ["native", "nativ"], "agents": ["assistent"],
                               "providers": ["upstraem", ""]})");
    for (const auto& line :
         {place + "/surfaces/1: found a name that no surface has, expected one of \"native\", "
                  "\"stream-conversation\", \"stream-simple\"; did you mean \"native\"",
          place + "/agents/0: found a name that is not in \"plugins\", expected the name of an "
                  "agent; did you mean \"assistant\"",
          place + "/providers/0: found a name that is not in \"plugins\", expected the name of a "
                  "provider; did you mean \"upstream\"",
          place + "/providers/1: "})
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST(ChecksTest, TheSchemaNamesEverySurface) {
    for (const auto name : surfaces)
        EXPECT_NE(schema_text().find("\\\"" + std::string(name) + "\\\""), std::string::npos)
            << name;
}

TEST(ChecksTest, PluginNamesAreFitForModelIds) {
    const auto text = complaints(R"({"plugins": {"a/b": {"library": "x"}, "k": {"library": "k"}},
                                     "auth": ["k"], "models": {"default": "any"}})");

    EXPECT_NE(text.find("/plugins/a~1b: found a name that cannot be used"), std::string::npos);
}

TEST(ChecksTest, OriginsAndProxiesAreChecked) {
    const auto text = complaints(valid_with(
        R"("server": {"cors_origins": ["http://localhost:*", "*", "https://a.b/c"],
                      "trusted_proxies": ["10.0.0.0/8", "::1", "10.0.0.0/33", "proxy"]})"));

    EXPECT_EQ(text.find("/server/cors_origins/0"), std::string::npos);
    EXPECT_NE(text.find("/server/cors_origins/1"), std::string::npos);
    EXPECT_NE(text.find("/server/cors_origins/2"), std::string::npos);
    EXPECT_EQ(text.find("/server/trusted_proxies/1"), std::string::npos);
    EXPECT_NE(text.find("/server/trusted_proxies/2"), std::string::npos);
    EXPECT_NE(text.find("/server/trusted_proxies/3"), std::string::npos);
}

TEST(ChecksTest, OpenAddressIsWarnedOf) {
    Config config;
    config.server.listen = {"127.0.0.1:1", "192.0.2.1:8080", "unix:/x"};

    const auto sentences = warnings(config);

    ASSERT_EQ(sentences.size(), 1u);
    EXPECT_NE(sentences[0].find("192.0.2.1:8080 without TLS"), std::string::npos);
}

TEST(ChecksTest, NothingIsWarnedOfWithTls) {
    Config config;
    config.server.listen = {"192.0.2.1:8080"};
    config.server.tls = {.certificate = "c.pem", .key = "k.pem"};

    EXPECT_TRUE(warnings(config).empty());
}

TEST(ChecksTest, TlsTakesACertificateAndAKey) {
    const auto config = load_text(
        valid_with(R"("server": {"tls": {"certificate": "/c/${NAME}.pem", "key": "k.pem"}})"),
        {{"NAME", "host"}});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->server.tls->certificate, "/c/host.pem");
    EXPECT_EQ(config->server.tls->key, "k.pem");
    EXPECT_NE(complaints(valid_with(R"("server": {"tls": {"certificate": "c.pem"}})"))
                  .find("/server/tls"),
              std::string::npos);
    EXPECT_NE(complaints(valid_with(R"("server": {"tls": {"certificate": "", "key": "k"}})"))
                  .find("/server/tls/certificate"),
              std::string::npos);
}

TEST(ReloadTest, OtherFilesOfTlsAreTakenOverAndTlsItselfIsNot) {
    Config plain, with_tls, other;
    with_tls.server.tls = {.certificate = "c.pem", .key = "k.pem"};
    other.server.tls = {.certificate = "other.pem", .key = "other.pem"};

    EXPECT_TRUE(needs_restart(with_tls, other).empty());
    EXPECT_EQ(needs_restart(plain, with_tls), std::vector<std::string>{"/server/tls"});
    EXPECT_EQ(needs_restart(with_tls, plain), std::vector<std::string>{"/server/tls"});
}

TEST(AddressTest, OnlyWholeAddressesAreTaken) {
    EXPECT_EQ(parse_address("127.0.0.1:8080")->port, 8080);
    EXPECT_EQ(parse_address("[::1]:0")->host, "::1");
    EXPECT_EQ(parse_address("unix:/a")->path, "/a");
    for (const auto* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "127.0.0.1:-1", "127.0.0.1:80x", "::1:80", "[::1]", "[127.0.0.1]:1",
                             "host:80", "unix:relative", "unix:/", "*:80"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_FALSE(parse_address("unix:/" + std::string(200, 'x')));  // longer than a socket's name
}

}  // namespace
}  // namespace patchbay::config
