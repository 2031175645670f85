#include "runtime/plugins/answer.hpp"

#include "runtime/plugins/registry.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using Lines = std::vector<std::string>;

class ChatTest : public LaneTest {
protected:
    // Opens a chat whose stream the test then drives from the lane.
    Answer* open_stream() {
        script.on_open = [this](const auto&, patchbay_stream opened) {
            stream = opened;
            return PATCHBAY_OK;
        };
        return open();
    }
    patchbay_status emit(std::string_view text) {
        return on_lane([&] { return script.emit(stream, text); });
    }
    patchbay_status emit_event(const patchbay_event& event) {
        return on_lane([&] { return script.emit(stream, event); });
    }
    patchbay_status finish(uint32_t reason = PATCHBAY_FINISH_STOP) {
        return on_lane([&] { return script.finish(stream, reason); });
    }

    patchbay_stream stream{};
};

TEST_F(ChatTest, RealLibraryAnswersThroughTheWholeRoad) {
    Registry registry({FIXTURE_FOLDER}, {.version = "0.0.0"});
    ASSERT_TRUE(registry.load(
        {{.name = "echo", .library = "fixture_echo", .config_json = R"({"base_url": "x"})"}}));
    const ChatCall call{.messages_json = "[\"hello\"]"};

    const auto chat = on_lane(
        [&] { return Answer::open(lane, registry.find("echo"), call, listener).has_value(); });

    EXPECT_TRUE(chat);
    EXPECT_TRUE(listener.journal.wait_for("finish"));
    EXPECT_EQ(listener.journal.lines(), (Lines{"1 [\"hello\"]", "finish 1"}));
    EXPECT_TRUE(all_closed());
}

TEST_F(ChatTest, RequestComesAcrossWhole) {
    std::string seen;
    script.on_open = [&](const patchbay_chat_request& request, patchbay_stream opened) {
        for (const auto text :
             {request.model, request.messages_json, request.options_json, request.tools_json,
              request.prefill, request.traceparent, request.run_id, request.extra_json})
            seen += string_of(text) + "|";
        seen += std::to_string(request.deadline_ms) + std::to_string(request.max_tokens) +
                std::to_string(request.attempt);
        return script.finish(opened);
    };

    open({.model = "m",
          .messages_json = "[]",
          .options_json = "{}",
          .tools_json = "[1]",
          .prefill = "So",
          .traceparent = "00",
          .run_id = "r",
          .deadline_ms = 5,
          .max_tokens = 6,
          .attempt = 7});

    EXPECT_EQ(seen, "m|[]|{}|[1]|So|00|r||567");
}

TEST_F(ChatTest, FinishInsideOpenIsHeardAfterOpenReturned) {
    bool finished_in_open = true;
    script.on_open = [&](const auto&, patchbay_stream opened) {
        script.emit(opened, "all");
        script.finish(opened);
        finished_in_open = listener.journal.count("finish") > 0;
        return PATCHBAY_OK;
    };

    EXPECT_TRUE(open());

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_FALSE(finished_in_open);
    EXPECT_EQ(listener.journal.lines(), (Lines{"1 all", "finish 1"}));
    EXPECT_EQ(script.journal.lines(), (Lines{"open", "close"}));
}

TEST_F(ChatTest, OpenThatFailsSaysWhyAndNothingFollows) {
    patchbay_handle timer{};
    script.on_open = [&](const auto&, patchbay_stream opened) {
        stream = opened;
        patchbay_error why{};
        why.code = PATCHBAY_E_RATE_LIMITED;
        why.flags = PATCHBAY_ERROR_RETRYABLE;
        why.retry_after_ms = 1500;
        why.http_status = 429;
        why.message = text_of("slow\ndown");
        why.detail_json = text_of(R"({"type": "tokens"})");
        script.host->set_error(script.host, &why);
        return PATCHBAY_E_RATE_LIMITED;
    };

    EXPECT_EQ(open(), nullptr);

    EXPECT_EQ(error.code, ErrorCode::rate_limited);
    EXPECT_EQ(error.message, "slow down");
    EXPECT_TRUE(error.retryable);
    EXPECT_EQ(error.retry_after_ms, 1500);
    EXPECT_EQ(error.http_status, 429);
    EXPECT_EQ(error.detail_json, R"({"type": "tokens"})");
    EXPECT_TRUE(all_closed());
    EXPECT_EQ(emit("late"), PATCHBAY_E_STALE);
    EXPECT_EQ(on_lane([&] {
                  return script.timer(
                      stream, 1, [](auto) {}, timer);
              }),
              PATCHBAY_E_STALE);
    EXPECT_EQ(script.journal.lines(), Lines{"open"});
}

TEST_F(ChatTest, OpenThatFailsWithoutSetErrorIsReportedByItsCode) {
    script.on_open = [](const auto&, auto) { return PATCHBAY_E_UPSTREAM; };

    EXPECT_EQ(open(), nullptr);

    EXPECT_EQ(error.code, ErrorCode::upstream);
    EXPECT_EQ(error.message, "scripted: provider.open failed (upstream) without saying why");
}

TEST_F(ChatTest, OpenThatFailsHearsNothingOfWhatItStarted) {
    bool called = false;
    patchbay_handle timer{};
    script.on_open = [&](const auto&, patchbay_stream opened) {
        script.emit(opened, "x");
        script.finish(opened);
        // A C function pointer, not a task of the script: nobody will come to free it.
        EXPECT_EQ(host_timer.start(
                      script.host, opened, 1,
                      [](void* user, auto) { *static_cast<bool*>(user) = true; }, &called, &timer),
                  PATCHBAY_E_CANCELLED);
        return PATCHBAY_E_INTERNAL;
    };
    EXPECT_EQ(open(), nullptr);
    script.on_open = [&](const auto&, patchbay_stream opened) {
        EXPECT_EQ(host_timer.start(
                      script.host, opened, 1,
                      [](void* user, auto) { *static_cast<bool*>(user) = true; }, &called, &timer),
                  PATCHBAY_OK);
        return PATCHBAY_E_INTERNAL;
    };
    EXPECT_EQ(open(), nullptr);

    EXPECT_TRUE(all_closed());
    settle();
    EXPECT_FALSE(called);
    EXPECT_EQ(listener.journal.count("finish"), 0u);
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(ChatTest, ChatWithoutStateGetsNoResumeCancelOrClose) {
    script.leaves_state = false;
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    emit("x");

    on_lane([&] { chat->resume(); });
    settle();
    on_lane([&] { chat->cancel(PATCHBAY_REASON_CLIENT); });
    settle();
    finish();

    EXPECT_TRUE(all_closed());
    EXPECT_EQ(script.journal.lines(), Lines{"open"});
}

TEST_F(ChatTest, EventsOfEveryKindArrive) {
    ASSERT_TRUE(open_stream());
    const patchbay_usage usage{.prompt_tokens = 1};
    auto event = delta("{\"a\": 1}");
    std::vector<patchbay_event> events;
    for (uint32_t kind = PATCHBAY_EVENT_DELTA; kind <= PATCHBAY_EVENT_CUSTOM; ++kind) {
        event.kind = kind;
        event.usage = kind == PATCHBAY_EVENT_USAGE ? &usage : nullptr;
        events.push_back(event);
    }

    const auto status =
        on_lane([&] { return host_stream.emit(script.host, stream, events.data(), 8); });

    EXPECT_EQ(status, PATCHBAY_OK);
    EXPECT_EQ(listener.journal.lines().size(), 8u);
    EXPECT_EQ(instance->faults(), 0u);
    finish();
}

TEST_F(ChatTest, UnknownKindsAreDroppedAndCounted) {
    ASSERT_TRUE(open_stream());
    auto unknown = delta("?");
    unknown.kind = 99;
    const std::vector<patchbay_event> events{unknown, delta("a"), delta("b"), unknown, delta("c")};

    const auto status =
        on_lane([&] { return host_stream.emit(script.host, stream, events.data(), 5); });

    EXPECT_EQ(status, PATCHBAY_OK);
    EXPECT_EQ(listener.journal.lines(), (Lines{"1 a", "1 b", "1 c"}));
    EXPECT_EQ(instance->faults(), 1u);
    finish();
}

TEST_F(ChatTest, InvalidEventDropsTheWholeBatch) {
    ASSERT_TRUE(open_stream());
    std::vector<patchbay_event> bad;
    const auto add = [&](uint32_t kind, std::string_view text) -> patchbay_event& {
        auto& event = bad.emplace_back(delta(text));
        event.kind = kind;
        return event;
    };
    const std::string big(65537, 'x');
    for (const auto* text : {"\xC3", "\xFF", "a\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                             "12345678\x80", "\xE2\x82"})
        add(PATCHBAY_EVENT_DELTA, text);
    add(PATCHBAY_EVENT_DELTA, "x").channel = 2;
    add(PATCHBAY_EVENT_DELTA, big);
    add(PATCHBAY_EVENT_DELTA, "x").extra_json = text_of("[1]");
    add(PATCHBAY_EVENT_DELTA, "x").text = {nullptr, 3};
    add(PATCHBAY_EVENT_DELTA, "x").text.size = UINT64_MAX;
    add(PATCHBAY_EVENT_STATUS, "\xC3");
    add(PATCHBAY_EVENT_PROGRESS, "").percent = 101;
    add(PATCHBAY_EVENT_TOOL_CALL, "{\"a\": ");
    add(PATCHBAY_EVENT_TOOL_CALL, "{}").name = text_of("\xC3");
    add(PATCHBAY_EVENT_TOOL_RESULT, "nope");
    add(PATCHBAY_EVENT_USAGE, "");
    add(PATCHBAY_EVENT_METADATA, "[1]");
    add(PATCHBAY_EVENT_CUSTOM, "");

    for (const auto& event : bad) {
        const patchbay_event batch[] = {delta("good"), event};
        EXPECT_EQ(on_lane([&] { return host_stream.emit(script.host, stream, batch, 2); }),
                  PATCHBAY_E_BAD_REQUEST)
            << event.kind << " " << (&event - bad.data());
    }

    EXPECT_TRUE(listener.journal.lines().empty());
    EXPECT_EQ(instance->faults(), bad.size());
    EXPECT_EQ(emit("grüße \xF0\x9F\x8C\x99 ok"), PATCHBAY_OK);  // the stream goes on
    EXPECT_EQ(on_lane([&] { return host_stream.emit(script.host, stream, nullptr, 1); }),
              PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(on_lane([&] { return host_stream.emit(script.host, stream, nullptr, 0); }),
              PATCHBAY_OK);
    finish();
}

TEST_F(ChatTest, FinishWithErrorCarriesItAcross) {
    ASSERT_TRUE(open_stream());
    patchbay_error why{};
    why.code = -12345;  // unknown
    why.message = text_of("it broke \xFF");
    why.detail_json = text_of("no json");

    on_lane([&] { return host_stream.finish(script.host, stream, PATCHBAY_FINISH_ERROR, &why); });

    EXPECT_TRUE(listener.journal.wait_for("finish 7 internal"));
    EXPECT_EQ(listener.message, "it broke ?");
}

TEST_F(ChatTest, FinishWithUnknownReasonIsAnErrorAndAFault) {
    ASSERT_TRUE(open_stream());

    EXPECT_EQ(finish(8), PATCHBAY_E_BAD_REQUEST);

    EXPECT_TRUE(listener.journal.wait_for("finish 7 internal"));
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(ChatTest, NextChatMayBeOpenedFromOnFinish) {
    struct Reopens : Listener {
        std::function<void()> reopen;
        void on_finish(uint32_t reason, const Error* why) override {
            Listener::on_finish(reason, why);
            if (reopen) std::exchange(reopen, nullptr)();
        }
    } reopens;
    const ChatCall call;
    script.on_open = [&](const auto&, patchbay_stream opened) { return script.finish(opened); };
    bool inside = true;
    reopens.reopen = [&] {
        inside = PluginCall::current() != nullptr;
        EXPECT_TRUE(Answer::open(lane, instance, call, reopens));
    };

    on_lane([&] { EXPECT_TRUE(Answer::open(lane, instance, call, reopens)); });

    EXPECT_TRUE(reopens.journal.wait_for("finish", 2));
    EXPECT_TRUE(all_closed());
    EXPECT_FALSE(inside);
}

TEST_F(ChatTest, PauseIsAnsweredByOneResume) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };

    EXPECT_EQ(emit("a"), PATCHBAY_PAUSE);
    EXPECT_EQ(emit("b"), PATCHBAY_PAUSE);
    listener.on_events_returns = nullptr;
    EXPECT_EQ(emit("c"), PATCHBAY_PAUSE);  // until resume() it stays so
    on_lane([&] {
        chat->resume();
        chat->resume();
        EXPECT_EQ(script.journal.count("resume"), 0u);  // on a later turn
    });
    settle();

    EXPECT_EQ(script.journal.lines(), (Lines{"open", "resume"}));
    EXPECT_EQ(emit("d"), PATCHBAY_OK);
    on_lane([&] { chat->resume(); });  // not paused: nothing
    settle();
    EXPECT_EQ(script.journal.count("resume"), 1u);
    finish();
}

TEST_F(ChatTest, EmitInsideResumeMayPauseAgain) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    script.on_resume = [&] { EXPECT_EQ(script.emit(stream, "more"), PATCHBAY_PAUSE); };
    emit("a");

    for (size_t round = 1; round <= 3; ++round) {
        on_lane([&] { chat->resume(); });
        EXPECT_TRUE(listener.journal.wait_for("more", round));
    }

    EXPECT_EQ(script.journal.count("resume"), 3u);
    finish();
}

TEST_F(ChatTest, StreamThatIgnoresPauseFailsAlone) {
    ASSERT_TRUE(open_stream());
    script.on_cancel = [&](auto) { script.finish(stream, PATCHBAY_FINISH_CANCELLED); };
    const std::string block(65536 - 64, 'x');  // an event costs 64 bytes beside it
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    EXPECT_EQ(emit("pause"), PATCHBAY_PAUSE);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(emit(block), PATCHBAY_PAUSE);

    on_lane([&] {
        EXPECT_EQ(script.emit(stream, "!"), PATCHBAY_E_LIMIT);
        EXPECT_EQ(script.emit(stream, "!"), PATCHBAY_E_CANCELLED);
    });

    EXPECT_TRUE(listener.journal.wait_for("finish 7 limit"));
    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.lines(), (Lines{"open", "cancel 5", "close"}));
    EXPECT_EQ(listener.journal.count("finish"), 1u);
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(ChatTest, CancelledChatOwesFinishAndIsHeardNoMore) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);

    on_lane([&] {
        chat->cancel(PATCHBAY_REASON_GONE);
        EXPECT_EQ(script.journal.count("cancel"), 0u);  // on a later turn
        EXPECT_EQ(script.emit(stream, "x"), PATCHBAY_E_CANCELLED);
    });
    EXPECT_TRUE(script.journal.wait_for("cancel 2"));
    EXPECT_EQ(script.journal.count("close"), 0u);
    EXPECT_EQ(finish(PATCHBAY_FINISH_CANCELLED), PATCHBAY_OK);

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_TRUE(listener.journal.lines().empty());
    EXPECT_EQ(instance->faults(), 0u);
}

TEST_F(ChatTest, CancelFromInsideOnEventsReachesPluginAfterItsCall) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    listener.on_events_returns = [&] {
        chat->cancel(PATCHBAY_REASON_CLIENT);
        return PATCHBAY_OK;
    };
    script.on_cancel = [&](auto) { script.finish(stream, PATCHBAY_FINISH_CANCELLED); };

    on_lane([&] {
        EXPECT_EQ(script.emit(stream, "x"), PATCHBAY_E_CANCELLED);
        EXPECT_EQ(script.journal.count("cancel"), 0u);
    });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(listener.journal.lines(), Lines{"1 x"});
}

TEST_F(ChatTest, PluginThatFinishesBeforeCancelArrivesIsNotCancelled) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);

    on_lane([&] {
        chat->cancel(PATCHBAY_REASON_CLIENT);
        script.finish(stream);
    });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.lines(), (Lines{"open", "close"}));
}

TEST_F(ChatTest, DestroyedInstanceOpensNothing) {
    instance->destroy();

    EXPECT_EQ(open(), nullptr);
    EXPECT_EQ(error.code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace patchbay::plugins
