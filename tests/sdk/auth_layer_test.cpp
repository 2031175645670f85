// The C++ layer for auth plugins: whatever goes wrong lets nobody in.
#include <patchbay/auth.hpp>
#include <patchbay/testing/fake_host.hpp>
#include <patchbay/timer.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using patchbay::Decision;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::Principal;
using patchbay::Request;
using patchbay::testing::FakeCheck;
using patchbay::testing::FakeHost;
using namespace std::chrono_literals;

// Asks an upstream, which says yes with 204.
class Asking : public patchbay::Check, private patchbay::HttpHandler {
public:
    using Check::Check;

    patchbay::Result<void> start() {
        const auto call = patchbay::start_http(request(), {.url = "http://id.test/"}, *this);
        if (!call) return std::unexpected(call.error());
        return {};
    }

private:
    void on_head(uint32_t status, const patchbay::HttpHeaders&) override { status_ = status; }
    void on_done(const Error* error) override {
        if (error) return request().deny(*error);
        if (status_ == 500) throw std::runtime_error("unexpected");
        if (status_ == 204) return request().allow({.owner = "user:far", .credential_id = "far"});
        request().deny({.code = ErrorCode::unauthenticated, .message = "no"});
    }

    uint32_t status_ = 0;
};

// Does what the credential says.
class Obedient : public patchbay::Auth {
public:
    explicit Obedient(const patchbay::Host&) {}

    Decision check(const patchbay::ClientRequest& http, Request request) override {
        const auto word = http.credential;
        if (word == "allow")
            return Principal{.owner = "user:" + std::string(http.headers.find("x-user"))};
        if (word == "deny") return patchbay::failure(ErrorCode::rate_limited, "slower");
        if (word == "throw") throw std::runtime_error("boom");
        if (word == "never") return std::make_unique<patchbay::Check>(request);
        if (word == "ask") {
            auto asking = std::make_unique<Asking>(request);
            if (const auto started = asking->start(); !started)
                return std::unexpected(started.error());
            return asking;
        }
        return patchbay::NotMine{};
    }
};

constexpr patchbay::PluginInfo info = {.id = "org.example.obedient", .version = "1.0.0"};
constexpr patchbay_plugin plugin = patchbay::detail::make_plugin<Obedient, info>();

class AuthLayerTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(host.create(plugin)); }
    void TearDown() override {
        host.shut_down();
        EXPECT_EQ(host.faults(), expected_faults);
    }

    FakeCheck& check(const std::string& word) {
        return host.check({.credential = word, .scheme = "bearer", .headers = {{"X-User", "al"}}});
    }

    FakeCheck& asked(patchbay::testing::HttpAnswer answer) {
        host.http().answer("http://id.test/", std::move(answer));
        auto& asking = check("ask");
        EXPECT_FALSE(asking.answered());
        EXPECT_TRUE(host.run_until([&] { return asking.closed(); }));
        return asking;
    }

    FakeHost host;
    std::vector<std::string> expected_faults;
};

TEST_F(AuthLayerTest, AllowDenyAndNotMineAreAnsweredAtOnce) {
    ASSERT_TRUE(check("allow").allowed());
    EXPECT_EQ(check("allow").allowed()->owner, "user:al");
    EXPECT_EQ(check("deny").denied()->code, ErrorCode::rate_limited);
    EXPECT_TRUE(check("else").not_mine());
}

TEST_F(AuthLayerTest, WhatThrowsDenies) {
    auto& decision = check("throw");

    ASSERT_TRUE(decision.denied());
    EXPECT_EQ(decision.denied()->code, ErrorCode::internal);
}

TEST_F(AuthLayerTest, AnAnswerMayComeLater) {
    auto& yes = asked({.status = 204, .delay = 100ms});
    auto& no = asked({.status = 404});
    auto& nobody = asked({.status = 0, .failure = Error{.code = ErrorCode::upstream}});

    ASSERT_TRUE(yes.allowed());
    EXPECT_EQ(yes.allowed()->owner, "user:far");
    EXPECT_EQ(no.denied()->code, ErrorCode::unauthenticated);
    EXPECT_EQ(nobody.denied()->code, ErrorCode::upstream);
}

TEST_F(AuthLayerTest, WhatThrowsLaterDenies) {
    auto& decision = asked({.status = 500});

    ASSERT_TRUE(decision.denied());
    EXPECT_EQ(decision.denied()->code, ErrorCode::internal);
}

TEST_F(AuthLayerTest, ACheckThatNeverAnswersLetsNobodyIn) {
    auto& decision = check("never");

    host.advance(6s);

    EXPECT_TRUE(decision.closed());
    EXPECT_FALSE(decision.allowed());
    expected_faults = {"no verdict within 5 s"};
}

TEST_F(AuthLayerTest, ACancelledCheckClosesAfterItsCall) {
    host.http().answer("http://id.test/", {.status = 204, .delay = 1h});
    auto& decision = check("ask");

    decision.cancel();
    host.run();

    EXPECT_TRUE(decision.closed());
    EXPECT_FALSE(decision.answered());
    EXPECT_TRUE(host.http().calls().at(0).cancelled);
}

}  // namespace
