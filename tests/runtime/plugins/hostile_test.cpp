// Providers that break the contract.
#include "runtime/plugins/watchdog.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace patchbay::plugins {
namespace {

class HostileTest : public LaneTest {
protected:
    Answer* open_stream() {
        script.on_open = [this](const auto&, patchbay_stream opened) {
            stream = opened;
            return PATCHBAY_OK;
        };
        return open();
    }
    patchbay_stream stream{};
};

TEST_F(HostileTest, SecondFinishIsRefusedAndCounted) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        EXPECT_EQ(script.finish(stream), PATCHBAY_OK);
        EXPECT_EQ(script.finish(stream), PATCHBAY_E_BAD_STATE);
    });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(listener.journal.lines(), std::vector<std::string>{"finish 1"});
    EXPECT_EQ(instance->faults(), 1u);
    EXPECT_TRUE(log.wait_for("plugin scripted: called finish() twice (fault 1)"));
}

TEST_F(HostileTest, EmitAfterFinishIsRefusedAndCounted) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        script.finish(stream);
        EXPECT_EQ(script.emit(stream, "late"), PATCHBAY_E_BAD_STATE);
    });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(listener.journal.count("late"), 0u);
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(HostileTest, CallsAfterCloseAreStale) {
    ASSERT_TRUE(open_stream());
    on_lane([&] { script.finish(stream); });
    ASSERT_TRUE(all_closed());
    patchbay_handle handle{};

    on_lane([&] {
        EXPECT_EQ(script.emit(stream, "late"), PATCHBAY_E_STALE);
        EXPECT_EQ(script.finish(stream), PATCHBAY_E_STALE);
        EXPECT_EQ(script.timer(
                      stream, 1, [](auto) {}, handle),
                  PATCHBAY_E_STALE);
        EXPECT_EQ(ScriptedCall::start(script, stream, "http://localhost/", 0, {}, handle),
                  PATCHBAY_E_STALE);
    });
    EXPECT_EQ(script.post(stream, [](auto) {}), PATCHBAY_E_STALE);

    EXPECT_EQ(instance->faults(), 4u);
}

TEST_F(HostileTest, LaneCallsFromAnotherThreadAreRefusedAndCounted) {
    ASSERT_TRUE(open_stream());
    patchbay_handle handle{};

    EXPECT_EQ(script.emit(stream, "x"), PATCHBAY_E_WRONG_THREAD);
    EXPECT_EQ(script.finish(stream), PATCHBAY_E_WRONG_THREAD);
    EXPECT_EQ(script.timer(
                  stream, 1, [](auto) {}, handle),
              PATCHBAY_E_WRONG_THREAD);
    EXPECT_EQ(ScriptedCall::start(script, stream, "http://localhost/", 0, {}, handle),
              PATCHBAY_E_WRONG_THREAD);

    EXPECT_EQ(instance->faults(), 4u);
    on_lane([&] { script.finish(stream); });
}

TEST_F(HostileTest, StreamOfAnotherInstanceIsStale) {
    Script thief;
    const auto other = make_instance(thief, "thief");
    ASSERT_TRUE(open_stream());

    on_lane([&] { EXPECT_EQ(thief.emit(stream, "mine"), PATCHBAY_E_STALE); });

    EXPECT_EQ(other->faults(), 1u);
    EXPECT_EQ(instance->faults(), 0u);
    on_lane([&] { script.finish(stream); });
}

TEST_F(HostileTest, StreamIsNoRequestAndNoTimer) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        EXPECT_EQ(script.allow(stream, "user:a"), PATCHBAY_E_STALE);
        EXPECT_EQ(host_timer.cancel(script.host, stream), PATCHBAY_E_STALE);
        EXPECT_EQ(host_http.cancel(script.host, stream), PATCHBAY_E_STALE);
        EXPECT_EQ(script.emit(stream, "on"), PATCHBAY_OK);
        EXPECT_EQ(script.finish(stream), PATCHBAY_OK);
    });
}

TEST_F(HostileTest, PluginThatNeverFinishesIsClosedAfterItsGrace) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    const auto start = std::chrono::steady_clock::now();

    on_lane([&] { chat->cancel(PATCHBAY_REASON_SHUTDOWN); });

    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(4900));
    EXPECT_EQ(script.journal.lines(), (std::vector<std::string>{"open", "cancel 4", "close"}));
    EXPECT_EQ(instance->faults(), 1u);
    on_lane([&] { EXPECT_EQ(script.finish(stream), PATCHBAY_E_STALE); });
}

TEST_F(HostileTest, ExceptionFromOpenIsAnError) {
    script.on_open = [](const auto&, auto) -> patchbay_status { throw std::runtime_error("boo"); };

    EXPECT_EQ(open(), nullptr);

    EXPECT_EQ(error.code, ErrorCode::internal);
    EXPECT_EQ(error.message, "scripted: provider.open let a C++ exception out: boo");
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(HostileTest, ExceptionFromCallbackFailsItsStreamAlone) {
    ASSERT_TRUE(open_stream());
    script.on_cancel = [&](auto) { script.finish(stream, PATCHBAY_FINISH_CANCELLED); };
    patchbay_handle timer{};

    on_lane([&] {
        script.timer(
            stream, 1, [](auto) { throw 1; }, timer);
    });

    EXPECT_TRUE(listener.journal.wait_for("finish 7 internal"));
    EXPECT_TRUE(script.journal.wait_for("close"));
    EXPECT_EQ(script.journal.lines(), (std::vector<std::string>{"open", "cancel 5", "close"}));
}

TEST_F(HostileTest, ExceptionsFromCancelAndCloseAreOnlyCounted) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    script.on_cancel = [&](auto) {
        script.finish(stream, PATCHBAY_FINISH_CANCELLED);
        throw std::runtime_error("cancel");
    };
    script.on_close = [] { throw std::runtime_error("close"); };

    on_lane([&] { chat->cancel(PATCHBAY_REASON_CLIENT); });

    EXPECT_TRUE(all_closed());
    EXPECT_EQ(instance->faults(), 2u);
}

TEST_F(HostileTest, ExceptionFromCloseAfterTheGraceLeavesNothingBehind) {
    Answer* chat = open_stream();
    ASSERT_TRUE(chat);
    script.on_close = [] { throw std::runtime_error("close"); };

    on_lane([&] { chat->cancel(PATCHBAY_REASON_CLIENT); });

    EXPECT_TRUE(all_closed());
    settle();  // what was put off would find a stream that is gone
    EXPECT_EQ(instance->faults(), 2u);
    EXPECT_TRUE(listener.journal.lines().empty());
}

TEST_F(HostileTest, HandlesOfOthersAreNoUseFromAnyThread) {
    Script thief;
    const auto other = make_instance(thief, "thief");
    ASSERT_TRUE(open_stream());
    std::atomic<bool> ran{false};

    std::thread([&] {
        EXPECT_EQ(thief.post(stream, [&](auto) { ran = true; }), PATCHBAY_E_STALE);
        EXPECT_EQ(host_http.cancel(thief.host, stream), PATCHBAY_E_STALE);
    }).join();
    on_lane([&] { EXPECT_EQ(script.finish(stream), PATCHBAY_OK); });
    ASSERT_TRUE(all_closed());

    EXPECT_FALSE(ran);
    EXPECT_EQ(other->faults(), 2u);
    EXPECT_EQ(instance->faults(), 0u);
    EXPECT_EQ(thief.post(stream, [](auto) {}), PATCHBAY_E_STALE);
    EXPECT_EQ(other->faults(), 2u) << "what is gone may be named: a thread may come late";
}

TEST_F(HostileTest, BatchOfMoreThan256KiBFailsItsStream) {
    ASSERT_TRUE(open_stream());
    script.on_cancel = [&](auto) { script.finish(stream, PATCHBAY_FINISH_CANCELLED); };
    const std::string text(65536, 'a');
    const std::vector<patchbay_event> events(5, delta(text));

    on_lane([&] {
        EXPECT_EQ(host_stream.emit(script.host, stream, events.data(), 4), PATCHBAY_OK);
        EXPECT_EQ(host_stream.emit(script.host, stream, events.data(), 5), PATCHBAY_E_LIMIT);
    });

    EXPECT_TRUE(listener.journal.wait_for("finish 7 limit"));
    EXPECT_TRUE(all_closed());
    EXPECT_EQ(listener.journal.lines().size(), 5u);
    EXPECT_EQ(listener.message, "scripted emitted more than 256 KiB at once");
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(HostileTest, EventsWithoutTextMeetTheCapAfterPauseToo) {
    ASSERT_TRUE(open_stream());
    script.on_cancel = [&](auto) { script.finish(stream, PATCHBAY_FINISH_CANCELLED); };
    listener.on_events_returns = [] { return PATCHBAY_PAUSE; };
    const patchbay_event progress{.kind = PATCHBAY_EVENT_PROGRESS, .percent = 1};

    on_lane([&] {
        int taken = 0;
        while (taken < 10'000 &&
               host_stream.emit(script.host, stream, &progress, 1) == PATCHBAY_PAUSE)
            ++taken;
        EXPECT_EQ(taken, 1 + 256 * 1024 / 64);
    });

    EXPECT_TRUE(listener.journal.wait_for("finish 7 limit"));
    EXPECT_TRUE(all_closed());
    EXPECT_EQ(listener.message, "scripted emitted more than 256 KiB after PAUSE");
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(HostileTest, TimeThatAnotherPluginTakesMeanwhileIsNotCounted) {
    Script inner;
    const auto other = make_instance(inner, "inner");
    ASSERT_TRUE(open_stream());
    listener.on_events_returns = [&] {
        PluginCall call(*other, "middleware.on_events", PluginCall::Where::lane);
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        return PATCHBAY_OK;
    };

    on_lane([&] {
        PluginCall call(*instance, "posted", PluginCall::Where::lane);
        script.emit(stream, "on");
    });
    on_lane([&] { script.finish(stream); });

    EXPECT_EQ(other->faults(), 1u);
    EXPECT_EQ(instance->faults(), 0u);
}

TEST_F(HostileTest, BlockedLaneIsNamedWhileItIsBlockedAndAfterwards) {
    const Watchdog watchdog;
    bool named_meanwhile = false;
    script.on_open = [&](const auto&, patchbay_stream opened) {
        named_meanwhile = log.wait_for("plugin scripted: provider.open has been blocking a lane");
        return script.finish(opened);
    };

    EXPECT_TRUE(open());

    EXPECT_TRUE(named_meanwhile);
    EXPECT_TRUE(log.wait_for("plugin scripted: provider.open held its lane for"));
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(HostileTest, EachSecondThatALaneIsBlockedIsAFault) {
    const Watchdog watchdog;
    uint64_t meanwhile = 0;
    script.on_open = [&](const auto&, patchbay_stream opened) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (instance->faults() < 1 && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        meanwhile = instance->faults();
        return script.finish(opened);
    };

    EXPECT_TRUE(open());

    EXPECT_GE(meanwhile, 1u);
    EXPECT_GT(instance->faults(), meanwhile);  // that it came back late is one, too
}

TEST_F(HostileTest, WhatMakesAnInstanceWaitIsNamedOnItsOwnThreadToo) {
    const Watchdog watchdog;
    bool named = false;

    std::thread([&] {
        PluginCall call(*instance, "create", PluginCall::Where::control);
        named = log.wait_for("plugin scripted: create has been blocking all changes of plugins");
    }).join();

    EXPECT_TRUE(named);
    EXPECT_EQ(instance->faults(), 0u);  // it may block
}

TEST_F(HostileTest, AFloodOfLogLinesIsDroppedAndTheLogSaysSo) {
    for (int i = 0; i < 2000; ++i)
        host_log.write(script.host, PATCHBAY_LOG_WARN, {0}, text_of("flood"), {});

    EXPECT_LE(log.count("plugin scripted: flood"), 1000u);  // 200 in each second that it took
    EXPECT_GE(log.count("plugin scripted: flood"), 200u);
    EXPECT_GE(log.count("more than 200 lines in a second: the others are dropped"), 1u);
}

TEST_F(HostileTest, FaultsAreCountedWithoutFloodingTheLog) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        for (int i = 0; i < 1000; ++i) script.emit(stream, "\xFF");
        script.finish(stream);
    });

    EXPECT_EQ(instance->faults(), 1000u);
    EXPECT_LE(log.count("not UTF-8"), 30u);
}

}  // namespace
}  // namespace patchbay::plugins
