#include "runtime/http/routes.hpp"

#include "runtime/http/cors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace patchbay::http {
namespace {

TEST(RoutesTest, APathWithArgumentsIsFoundByItsMethod) {
    const auto match = find_route("POST", "/api/interactions/abc/runs");

    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.route->path, "/api/interactions/{id}/runs");
    EXPECT_EQ(match.args, std::vector<std::string>{"abc"});
}

TEST(RoutesTest, AnotherMethodNamesThoseThatAreAllowed) {
    const auto match = find_route("PUT", "/api/interactions/abc");

    EXPECT_EQ(match.route, nullptr);
    EXPECT_EQ(match.allowed, "GET, HEAD, PATCH, DELETE");
    EXPECT_EQ(find_route("HEAD", "/api/interactions/x/events").allowed, "GET");
}

TEST(RoutesTest, UnknownPathsMatchNothing) {
    for (const auto* path : {"/", "/api", "/api/interactions/", "/api/interactions/a/b",
                             "/api/runs//cancel", "/livez/", "//livez"}) {
        EXPECT_TRUE(find_route("GET", path).allowed.empty()) << path;
    }
}

TEST(RoutesTest, AnEncodedSlashIsALetterAndNoBorder) {
    EXPECT_TRUE(find_route("GET", "/api%2Finteractions").allowed.empty());
    EXPECT_TRUE(find_route("GET", "/api/interactions/a%2Fmessages").args.at(0) == "a/messages");
    EXPECT_NE(find_route("GET", "/%61pi/interactions").route, nullptr);
}

TEST(RoutesTest, HeadIsServedWhereNothingStreams) {
    EXPECT_NE(find_route("HEAD", "/livez").route, nullptr);
    EXPECT_EQ(find_route("HEAD", "/api/interactions/x/events").route, nullptr);
}

TEST(RoutesTest, OnlyHealthAndTheApisDescriptionAreOpen) {
    std::set<std::string_view> open;
    for (const auto& route : all_routes()) {
        if (route.access == Access::open) open.insert(route.path);
    }

    EXPECT_EQ(open, (std::set<std::string_view>{"/api/stream/health", "/api/openapi.json", "/livez",
                                                "/readyz"}));
}

TEST(CorsTest, AnyPortMeansPortsAndNothingElse) {
    const Cors cors({"http://localhost:*", "https://app.example"});

    EXPECT_TRUE(cors.allows("http://localhost:3000"));
    EXPECT_TRUE(cors.allows("http://localhost"));
    EXPECT_TRUE(cors.allows("https://app.example"));
    EXPECT_FALSE(cors.allows("http://localhost:3000.evil.example"));
    EXPECT_FALSE(cors.allows("http://localhost.evil.example"));
    EXPECT_FALSE(cors.allows("http://localhost:"));
    EXPECT_FALSE(cors.allows("http://app.example"));
}

TEST(CorsTest, AForeignOriginGetsNoHeaderThatLetsItIn) {
    const Cors cors({"https://app.example"});

    for (const auto& [name, value] : cors.preflight_for("https://evil.example")) {
        EXPECT_EQ(name, "Vary");
    }
}

}  // namespace
}  // namespace patchbay::http
