// The C++ layer for middleware: whatever goes wrong refuses the turn or fails the run.
#include <patchbay/middleware.hpp>
#include <patchbay/testing/fake_host.hpp>
#include <patchbay/timer.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using patchbay::Admission;
using patchbay::Change;
using patchbay::ErrorCode;
using patchbay::Event;
using patchbay::Events;
using patchbay::Gate;
using patchbay::Output;
using patchbay::Pending;
using patchbay::Turn;
using patchbay::testing::FakeHost;
using patchbay::testing::FakeTurn;
using namespace std::chrono_literals;

// Turns each delta into capitals; holds "hold" until the end; drops, fails or throws by the word.
class Shouting : public patchbay::TurnWatcher {
public:
    using TurnWatcher::TurnWatcher;

    patchbay::Result<Events> on_events(std::span<const Event> events) override {
        for (const auto& event : events) {
            if (event.kind > PATCHBAY_EVENT_CUSTOM) {
                out().emit(std::span(&event, 1));
                continue;
            }
            std::string text(patchbay::text_of(event.text));
            if (text == "pass") return Events::pass;
            if (text == "throw") throw std::runtime_error("boom");
            if (text == "fail") return patchbay::failure(ErrorCode::content_filtered, "no");
            if (text == "hold") {
                held_ = text;
                continue;
            }
            for (auto& c : text) c = static_cast<char>(std::toupper(c));
            if (text != "DROP") out().text(text);
        }
        return Events::taken;
    }
    void on_end(uint32_t reason) override {
        if (reason == PATCHBAY_FINISH_LENGTH) throw std::runtime_error("late");
        if (!held_.empty()) out().text("[" + held_ + "]");
    }

private:
    std::string held_;
};

// Decides as the model's name says.
class Obedient : public patchbay::Middleware {
public:
    using Watcher = Shouting;

    explicit Obedient(const patchbay::Host&) {}

    Admission on_request(const Turn& turn, const Gate& gate, const Output& out) override {
        const auto word = turn.model;
        if (word == "change") return Change{.model = "other", .system = "Be kind."};
        if (word == "input")
            return Change{.input_json = "{\"" + std::string(turn.method) +
                                        "\":" + std::string(turn.input_json) + "}"};
        if (word == "answer") return Change{.answer = "cached"};
        if (word == "refuse") return patchbay::failure(ErrorCode::forbidden, "not you");
        if (word == "throw") throw std::runtime_error("boom");
        if (word == "never") return Pending();
        if (word == "stranger") return std::make_unique<patchbay::TurnWatcher>(out);
        if (word == "later" || word == "later-no" || word == "later-throw") {
            const auto timer =
                patchbay::start_timer(gate, 1s, [gate, how = std::string(word)](bool cancelled) {
                    if (how == "later-throw" && !cancelled) throw std::runtime_error("boom");
                    if (how == "later-no")
                        return gate.refuse({.code = ErrorCode::rate_limited, .message = "slower"});
                    gate.pass({.system = "Later."});
                });
            if (!timer) return std::unexpected(timer.error());
            return {Pending(), std::make_unique<Shouting>(out)};
        }
        if (word == "watch") return std::make_unique<Shouting>(out);
        return {};
    }
};

constexpr patchbay::PluginInfo info = {.id = "org.example.obedient", .version = "1.0.0"};
constexpr patchbay_plugin plugin = patchbay::detail::make_plugin<Obedient, info>();

class MiddlewareLayerTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(host.create(plugin)); }
    void TearDown() override {
        host.shut_down();
        EXPECT_EQ(host.faults(), expected_faults);
    }
    FakeTurn& turn(const std::string& word) { return host.turn({.model = word}); }

    FakeHost host;
    std::vector<std::string> expected_faults;
};

TEST_F(MiddlewareLayerTest, ATurnMayPassChangeBeAnsweredOrRefused) {
    auto& passed = turn("");
    auto& changed = turn("change");
    auto& answered = turn("answer");
    auto& refused = turn("refuse");
    auto& thrown = turn("throw");

    EXPECT_TRUE(passed.passed());
    EXPECT_EQ(passed.change().system, "");
    EXPECT_EQ(changed.change().system, "Be kind.");
    EXPECT_EQ(changed.change().model, "other");
    EXPECT_EQ(answered.change().answer, "cached");
    ASSERT_TRUE(refused.refused());
    EXPECT_EQ(refused.refused()->code, ErrorCode::forbidden);
    ASSERT_TRUE(thrown.refused());
    EXPECT_EQ(thrown.refused()->code, ErrorCode::internal);
    EXPECT_EQ(thrown.refused()->message, "boom");
}

TEST_F(MiddlewareLayerTest, TheInputOfAnAgentsMethodMayBeChanged) {
    auto& changed = host.turn({.model = "input", .method = "pay", .input_json = R"({"to":"bob"})"});

    EXPECT_TRUE(changed.passed());
    EXPECT_EQ(changed.change().input_json, R"({"pay":{"to":"bob"}})");
}

TEST_F(MiddlewareLayerTest, AnInputForATurnThatHasNoneIsNamed) {
    expected_faults = {"an input for a turn that has none"};

    EXPECT_TRUE(turn("input").refused());
}

TEST_F(MiddlewareLayerTest, AVerdictMayComeLater) {
    auto& passed = turn("later");
    auto& refused = turn("later-no");
    auto& thrown = turn("later-throw");
    EXPECT_FALSE(passed.decided());

    host.advance(1s);

    EXPECT_EQ(passed.change().system, "Later.");
    EXPECT_TRUE(passed.send_text("hi"));
    EXPECT_EQ(passed.text(), "HI");
    EXPECT_EQ(refused.refused()->code, ErrorCode::rate_limited);
    EXPECT_EQ(thrown.refused()->code, ErrorCode::internal);
}

TEST_F(MiddlewareLayerTest, ATurnThatWaitsCanBeCancelled) {
    auto& pending = turn("later");

    pending.cancel();
    host.run();

    EXPECT_FALSE(pending.passed());
    EXPECT_TRUE(pending.closed());
}

TEST_F(MiddlewareLayerTest, OneThatNeverDecidesIsNamed) {
    auto& pending = turn("never");

    host.advance(6s);

    EXPECT_TRUE(pending.cancelled());
    expected_faults = {"no verdict within 5 s"};
}

TEST_F(MiddlewareLayerTest, EventsPassAreReplacedDroppedAndHeld) {
    auto& watched = turn("watch");

    EXPECT_TRUE(watched.send_text("hello "));
    EXPECT_TRUE(watched.send_text("drop"));
    EXPECT_TRUE(watched.send_text("hold"));
    EXPECT_TRUE(watched.send_text("pass"));
    EXPECT_EQ(watched.text(), "HELLO pass");
    watched.end();

    EXPECT_EQ(watched.text(), "HELLO pass[hold]");
}

TEST_F(MiddlewareLayerTest, AnEventOfAKindThatNobodyKnowsMayGoOn) {
    auto& watched = turn("watch");
    Event event = {};
    event.kind = 99;

    EXPECT_TRUE(watched.send({event}));

    ASSERT_EQ(watched.shown().size(), 1u);
    EXPECT_EQ(watched.shown()[0].kind, 99u);
}

TEST_F(MiddlewareLayerTest, OneThatFailsInEventsFailsTheRun) {
    auto& failed = turn("watch");
    EXPECT_FALSE(failed.send_text("fail"));
    EXPECT_EQ(failed.failed()->code, ErrorCode::content_filtered);

    auto& thrown = turn("watch");
    EXPECT_FALSE(thrown.send_text("throw"));
    EXPECT_EQ(thrown.failed()->code, ErrorCode::internal);
    EXPECT_EQ(thrown.failed()->message, "boom");
    EXPECT_EQ(thrown.text(), "");

    auto& late = turn("watch");
    late.end(PATCHBAY_FINISH_LENGTH);
    EXPECT_EQ(host.log_lines().at(0).message, "late");
}

TEST_F(MiddlewareLayerTest, AWatcherThatTheClassDoesNotNameRefusesTheTurn) {
    auto& stranger = turn("stranger");

    ASSERT_TRUE(stranger.refused());
    EXPECT_EQ(stranger.refused()->message, "a watcher that the class does not name");
}

// --- slots ------------------------------------------------------------------------------------
class Plain : public patchbay::Middleware {
public:
    explicit Plain(const patchbay::Host&) {}
};
class DecidingAlone : public Plain {
public:
    using Plain::Plain;

private:
    Admission on_request(const Turn&, const Gate&, const Output&) override { return {}; }
};
class EndOnly : public patchbay::TurnWatcher {
public:
    using TurnWatcher::TurnWatcher;
    void on_end(uint32_t) override {}
};
class WatchingEnds : public DecidingAlone {
public:
    using Watcher = EndOnly;
    using DecidingAlone::DecidingAlone;
};

TEST(MiddlewareSlotsTest, WhatAClassDoesNotOverrideIsNull) {
    const auto& plain = patchbay::detail::MiddlewareTable<Plain>::table;
    EXPECT_EQ(plain.on_request, nullptr);
    EXPECT_EQ(plain.on_events, nullptr);
    EXPECT_EQ(plain.on_end, nullptr);
    EXPECT_EQ(plain.cancel, nullptr);

    const auto& deciding = patchbay::detail::MiddlewareTable<DecidingAlone>::table;
    EXPECT_NE(deciding.on_request, nullptr);
    EXPECT_EQ(deciding.on_events, nullptr);

    const auto& ends = patchbay::detail::MiddlewareTable<WatchingEnds>::table;
    EXPECT_NE(ends.on_request, nullptr);
    EXPECT_EQ(ends.on_events, nullptr);
    EXPECT_NE(ends.on_end, nullptr);

    const auto& whole = patchbay::detail::MiddlewareTable<Obedient>::table;
    EXPECT_NE(whole.on_request, nullptr);
    EXPECT_NE(whole.on_events, nullptr);
    EXPECT_NE(whole.on_end, nullptr);
    EXPECT_EQ(whole.cancel, nullptr);
}

}  // namespace
