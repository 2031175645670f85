// Timers, posts and HTTP calls: each completes exactly once, and before close().
#include "tests/runtime/plugins/lane_test.hpp"
#include "tests/runtime/plugins/upstream.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace patchbay::plugins {
namespace {

using Lines = std::vector<std::string>;

class OwnerTest : public LaneTest {
protected:
    Answer* open_stream() {
        script.on_open = [this](const auto&, patchbay_stream opened) {
            stream = opened;
            return PATCHBAY_OK;
        };
        return open();
    }
    std::function<void(patchbay_status)> note(const std::string& name) {
        return [this, name](patchbay_status status) {
            script.journal.add(name + " " + std::to_string(status));
        };
    }
    // A call that writes all it hears into the journal.
    ScriptedCall noting() {
        return {
            .head =
                [this](uint32_t status) { script.journal.add("head " + std::to_string(status)); },
            .data = [this](auto bytes) { script.journal.add("data " + std::string(bytes)); },
            .event = [this](auto text) { script.journal.add("event " + std::string(text)); },
            .done =
                [this](const auto* why) {
                    script.journal.add("done " + std::to_string(why ? why->code : 0));
                }};
    }
    patchbay_handle start(const std::string& url, uint32_t flags = 0) {
        return start(url, flags, noting());
    }
    patchbay_handle start(const std::string& url, uint32_t flags, ScriptedCall call) {
        patchbay_handle handle{};
        const auto status = on_lane([&] {
            return ScriptedCall::start(script, stream, url, flags, std::move(call), handle);
        });
        EXPECT_EQ(status, PATCHBAY_OK);
        return handle;
    }
    void finish() {
        on_lane([&] { EXPECT_EQ(script.finish(stream), PATCHBAY_OK); });
    }

    patchbay_stream stream{};
};

std::string sse(const std::string& events) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + events;
}

TEST_F(OwnerTest, TimerFiresOnceAndIsStaleThen) {
    ASSERT_TRUE(open_stream());
    patchbay_handle timer{};

    on_lane([&] { ASSERT_EQ(script.timer(stream, 1000, note("timer"), timer), PATCHBAY_OK); });

    EXPECT_TRUE(script.journal.wait_for("timer 0"));
    on_lane([&] { EXPECT_EQ(host_timer.cancel(script.host, timer), PATCHBAY_E_STALE); });
    finish();
}

TEST_F(OwnerTest, CancelledTimerCompletesAfterTheCallThatCancelledIt) {
    ASSERT_TRUE(open_stream());
    patchbay_handle timer{};

    on_lane([&] {
        script.timer(stream, 3600ull * 1000000, note("timer"), timer);
        EXPECT_EQ(host_timer.cancel(script.host, timer), PATCHBAY_OK);
        EXPECT_EQ(host_timer.cancel(script.host, timer), PATCHBAY_E_STALE);
        EXPECT_EQ(script.journal.count("timer"), 0u);
    });

    EXPECT_TRUE(script.journal.wait_for("timer -17"));
    finish();
}

TEST_F(OwnerTest, TimersHaveLimits) {
    ASSERT_TRUE(open_stream());
    const uint64_t day = 24ull * 3600 * 1000000;
    patchbay_handle timer{};

    on_lane([&] {
        EXPECT_EQ(script.timer(stream, day + 1, note("x"), timer), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(host_timer.start(script.host, stream, 1, nullptr, nullptr, &timer),
                  PATCHBAY_E_BAD_REQUEST);
        for (int i = 0; i < 64; ++i)
            EXPECT_EQ(script.timer(stream, day, note("timer"), timer), PATCHBAY_OK);
        EXPECT_EQ(script.timer(stream, day, note("x"), timer), PATCHBAY_E_LIMIT);
    });
    finish();

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.count("timer -17"), 64u);
    EXPECT_EQ(script.journal.lines().back(), "close");
}

TEST_F(OwnerTest, PostsRunInOrderOnLane) {
    ASSERT_TRUE(open_stream());

    for (int i = 0; i < 100; ++i) {
        const auto status = script.post(stream, [this, i](patchbay_status posted) {
            EXPECT_TRUE(lane.here());
            script.journal.add("post " + std::to_string(i) + " " + std::to_string(posted));
        });
        EXPECT_EQ(status, PATCHBAY_OK);
    }

    EXPECT_TRUE(script.journal.wait_for("post 99 0"));
    const auto lines = script.journal.lines();
    for (size_t i = 0; i < 100; ++i) EXPECT_EQ(lines.at(i + 1), "post " + std::to_string(i) + " 0");
    finish();
}

TEST_F(OwnerTest, PostsThatWaitAtFinishAreToldSoBeforeClose) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        script.post(stream, note("post"));
        script.finish(stream);
        EXPECT_EQ(script.post(stream, note("late")), PATCHBAY_E_STALE);
    });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.lines(), (Lines{"open", "post -17", "close"}));
}

TEST_F(OwnerTest, PostIsStillRunAsGoodAfterCancelUntilFinish) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);

    on_lane([&] { chat->cancel(PATCHBAY_REASON_CLIENT); });
    EXPECT_EQ(script.post(stream,
                          [&](patchbay_status status) {
                              script.journal.add("post " + std::to_string(status));
                              script.finish(stream, PATCHBAY_FINISH_CANCELLED);
                          }),
              PATCHBAY_OK);

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.count("post 0"), 1u);
}

TEST_F(OwnerTest, PostsHaveALimit) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        for (int i = 0; i < 1024; ++i) EXPECT_EQ(script.post(stream, [](auto) {}), PATCHBAY_OK);
        EXPECT_EQ(script.post(stream, [](auto) {}), PATCHBAY_E_LIMIT);
        EXPECT_EQ(host_stream.post(script.host, stream, nullptr, nullptr), PATCHBAY_E_BAD_REQUEST);
    });
    finish();
}

TEST_F(OwnerTest, PostsOfAThreadThatRacesWithCloseRunOrAreStale) {
    for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(open_stream());
        std::atomic<int> accepted{0};
        std::atomic<int> ran{0};
        std::atomic<bool> started{false};
        std::jthread poster([&] {
            while (true) {
                const auto status = script.post(stream, [&](auto) { ++ran; });
                started = true;
                if (status == PATCHBAY_E_STALE) return;
                if (status == PATCHBAY_OK) ++accepted;
            }
        });
        while (!started) std::this_thread::yield();

        finish();
        poster.join();

        ASSERT_TRUE(script.journal.wait_for("close", static_cast<size_t>(round) + 1));
        EXPECT_EQ(accepted, ran);
    }
}

TEST_F(OwnerTest, HttpAnswerArrivesWholeAndCallIsStaleThen) {
    Upstream upstream("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope!");
    ASSERT_TRUE(open_stream());

    const auto call = start(upstream.url());

    EXPECT_TRUE(script.journal.wait_for("done 0"));
    EXPECT_EQ(script.journal.lines(), (Lines{"open", "head 404", "data nope!", "done 0"}));
    EXPECT_EQ(host_http.cancel(script.host, call), PATCHBAY_E_STALE);
    finish();
}

TEST_F(OwnerTest, CallThatCannotStartHasNoDone) {
    ASSERT_TRUE(open_stream());
    patchbay_handle call{};
    patchbay_http_start request{};
    const patchbay_http_handler no_done{};
    const patchbay_http_handler done{.done = [](void*, const patchbay_error*) {}};

    on_lane([&] {
        EXPECT_EQ(ScriptedCall::start(script, stream, "ftp://x/", 0, noting(), call),
                  PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(ScriptedCall::start(script, stream, "http://127.0.0.1/", 8u, noting(), call),
                  PATCHBAY_E_UNSUPPORTED);  // a flag of a later host: it may forbid something
        EXPECT_EQ(host_http.start(script.host, stream, &request, &no_done, nullptr, &call),
                  PATCHBAY_E_BAD_REQUEST);
        auto no_json = request;
        no_json.method = text_of("GET");
        no_json.url = text_of("http://127.0.0.1/");
        no_json.extra_json = text_of("{");
        EXPECT_EQ(host_http.start(script.host, stream, &no_json, &done, nullptr, &call),
                  PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(host_http.start(script.host, stream, nullptr, &no_done, nullptr, &call),
                  PATCHBAY_E_BAD_REQUEST);
    });
    settle();

    EXPECT_EQ(script.journal.count("done"), 0u);
    finish();
}

TEST_F(OwnerTest, CallForThePublicInternetAloneDoesNotReachThisMachine) {
    Upstream upstream(sse("data: a\n\n"));
    ASSERT_TRUE(open_stream());

    start(upstream.url(), PATCHBAY_HTTP_PUBLIC_ONLY);

    EXPECT_TRUE(script.journal.wait_for("done " + std::to_string(PATCHBAY_E_FORBIDDEN)));
    EXPECT_EQ(upstream.journal.count("request"), 0u);
    finish();
}

TEST_F(OwnerTest, CallIsCancelledFromAnyThreadOnceAndForAll) {
    Upstream upstream(sse("data: a\n\n"));
    ASSERT_TRUE(open_stream());
    const auto call = start(upstream.url(), PATCHBAY_HTTP_SPLIT_SSE);
    ASSERT_TRUE(script.journal.wait_for("event a"));

    EXPECT_EQ(host_http.cancel(script.host, call), PATCHBAY_OK);
    const auto again = host_http.cancel(script.host, call);

    EXPECT_TRUE(again == PATCHBAY_OK || again == PATCHBAY_E_STALE);
    EXPECT_TRUE(script.journal.wait_for("done -17"));
    EXPECT_TRUE(upstream.journal.wait_for("closed"));
    EXPECT_EQ(script.journal.count("done"), 1u);
    finish();
}

TEST_F(OwnerTest, CancelClosesTheUpstreamAndEverythingCompletesBeforeClose) {
    Upstream upstream(sse("data: a\n\n"));
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    start(upstream.url(), PATCHBAY_HTTP_SPLIT_SSE);
    ASSERT_TRUE(script.journal.wait_for("event a"));
    patchbay_handle handle{};
    script.on_cancel = [&](auto) {
        EXPECT_EQ(script.timer(stream, 1, note("x"), handle), PATCHBAY_E_CANCELLED);
        EXPECT_EQ(ScriptedCall::start(script, stream, upstream.url(), 0, {}, handle),
                  PATCHBAY_E_CANCELLED);
        script.finish(stream, PATCHBAY_FINISH_CANCELLED);
    };
    on_lane([&] { script.timer(stream, 3600ull * 1000000, note("timer"), handle); });

    on_lane([&] { chat->cancel(PATCHBAY_REASON_CLIENT); });

    EXPECT_TRUE(upstream.journal.wait_for("closed"));
    EXPECT_TRUE(script.journal.wait_for("close"));
    const auto lines = script.journal.lines();
    EXPECT_EQ(script.journal.count("done -17"), 1u);
    EXPECT_EQ(script.journal.count("timer -17"), 1u);
    EXPECT_EQ(lines.at(3), "cancel 1");  // before the completions
    EXPECT_EQ(lines.back(), "close");
    EXPECT_EQ(lines.size(), 7u);
}

TEST_F(OwnerTest, CallThatRunsOnAfterFinishIsAbortedBeforeClose) {
    Upstream upstream(sse("data: a\n\n"));
    ASSERT_TRUE(open_stream());
    start(upstream.url(), PATCHBAY_HTTP_SPLIT_SSE);
    ASSERT_TRUE(script.journal.wait_for("event a"));

    finish();

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.lines(), (Lines{"open", "head 200", "event a", "done -17", "close"}));
    EXPECT_TRUE(listener.journal.wait_for("finish 1"));
}

TEST_F(OwnerTest, ConnectionOutlivesFinishWhenTheAnswerEndsRightAfter) {
    Upstream upstream(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "9\r\ndata: a\n\n\r\n0\r\n\r\n");
    for (size_t round = 1; round <= 3; ++round) {
        ASSERT_TRUE(open_stream());
        auto call = noting();
        call.event = [&](auto) { script.finish(stream); };
        start(upstream.url(), PATCHBAY_HTTP_SPLIT_SSE, std::move(call));
        ASSERT_TRUE(script.journal.wait_for("close", round));
    }

    EXPECT_EQ(script.journal.count("done 0"), 3u);
    EXPECT_EQ(upstream.journal.lines(), (Lines{"request", "request", "request"}));
}

TEST_F(OwnerTest, PausedStreamHearsNoMoreEventsUntilResume) {
    Upstream upstream(sse("data: a\n\ndata: b\n\ndata: c\n\n"));
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    auto call = noting();
    call.event = [&](auto text) {
        script.journal.add("event " + std::string(text));
        script.emit(stream, text);
    };
    start(upstream.url(), PATCHBAY_HTTP_SPLIT_SSE, std::move(call));
    ASSERT_TRUE(script.journal.wait_for("event a"));

    settle();
    EXPECT_EQ(script.journal.count("event"), 1u);
    on_lane([&] { chat->resume(); });
    EXPECT_TRUE(script.journal.wait_for("event b"));
    settle();

    EXPECT_EQ(script.journal.lines(), (Lines{"open", "head 200", "event a", "resume", "event b"}));
    on_lane([&] { chat->cancel(PATCHBAY_REASON_CLIENT); });
    on_lane([&] { script.finish(stream, PATCHBAY_FINISH_CANCELLED); });
}

TEST_F(OwnerTest, ManualPauseGoesOnDelivering) {
    Upstream upstream(sse("data: a\n\ndata: b\n\ndata: c\n\n"));
    ASSERT_TRUE(open_stream());
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    on_lane([&] { EXPECT_EQ(script.emit(stream, "x"), PATCHBAY_PAUSE); });

    start(upstream.url(), PATCHBAY_HTTP_SPLIT_SSE | PATCHBAY_HTTP_MANUAL_PAUSE);

    EXPECT_TRUE(script.journal.wait_for("event c"));
    finish();
}

TEST_F(OwnerTest, CallStartedWhilePausedWaitsForResume) {
    Upstream upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    on_lane([&] { script.emit(stream, "x"); });

    start(upstream.url());
    settle();
    EXPECT_EQ(script.journal.count("head"), 0u);
    on_lane([&] { chat->resume(); });

    EXPECT_TRUE(script.journal.wait_for("done 0"));
    finish();
}

TEST_F(OwnerTest, CallsHaveALimit) {
    Upstream upstream("HTTP/1.1 200 OK\r\n\r\n");
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    patchbay_handle call{};

    on_lane([&] {
        for (int i = 0; i < 64; ++i)
            EXPECT_EQ(ScriptedCall::start(script, stream, upstream.url(), 0, noting(), call),
                      PATCHBAY_OK);
        EXPECT_EQ(ScriptedCall::start(script, stream, upstream.url(), 0, noting(), call),
                  PATCHBAY_E_LIMIT);
        chat->cancel(PATCHBAY_REASON_CLIENT);
        script.finish(stream, PATCHBAY_FINISH_CANCELLED);
    });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.count("done -17"), 64u);
}

TEST_F(OwnerTest, LogLinesBearInstanceAndRunAndAreCut) {
    ASSERT_TRUE(open_stream());
    const auto write = [&](uint32_t level, patchbay_handle scope, std::string_view message,
                           std::string_view fields) {
        host_log.write(script.host, level, scope, text_of(message), text_of(fields));
    };

    write(PATCHBAY_LOG_INFO, stream, "hello\nworld", R"({"n": 1})");
    write(PATCHBAY_LOG_DEBUG, stream, "too quiet", "");
    write(PATCHBAY_LOG_WARN, {0}, std::string(5000, 'y'), "");
    write(PATCHBAY_LOG_ERROR, {12345}, "no run", "no json");

    EXPECT_EQ(log.count("plugin scripted: hello world {\"n\": 1} run=run-1"), 1u);
    EXPECT_EQ(log.count("too quiet"), 0u);
    EXPECT_EQ(log.count(std::string(4096, 'y')), 1u);
    EXPECT_EQ(log.count(std::string(4097, 'y')), 0u);
    EXPECT_EQ(log.lines().back(), "plugin scripted: no run");
    EXPECT_EQ(host_log.enabled(script.host, PATCHBAY_LOG_INFO), 1u);
    EXPECT_EQ(host_log.enabled(script.host, PATCHBAY_LOG_DEBUG), 0u);
    finish();
}

}  // namespace
}  // namespace patchbay::plugins
