// What agents and tools await beside a model: tools, people, the history, the store, jobs, and the
// end by cancel while they do.
#include "scripted_call.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <thread>

namespace {

using patchbay::AgentCall;
using patchbay::Approval;
using patchbay::Cancelled;
using patchbay::ErrorCode;
using patchbay::Failed;
using patchbay::task;
using patchbay::WantedCall;
using patchbay::when_all;
using patchbay::testing::FakeStream;
using namespace std::chrono_literals;
using nlohmann::json;

class AgentChildrenTest : public CallLayerTest {};

TEST_F(AgentChildrenTest, ToolsRunSideBySideAndTheirAnswersComeInOrder) {
    host.tools().answer("slow", R"("late")", 50ms);
    host.tools().answer("fast", R"("early")", 1ms);
    host.tools().fail("broken", patchbay::user_error(ErrorCode::bad_request, "no"));
    std::vector<patchbay::ToolAnswer> answers;

    run(ask([&](AgentCall& call) -> task<> {
        std::vector<WantedCall> calls = {
            {.id = "1", .name = "slow", .arguments_json = R"({"a":1})"},
            {.id = "2", .name = "fast", .arguments_json = "{}"},
            {.id = "", .name = "broken", .arguments_json = "{}"},
            {.id = "4", .name = "missing", .arguments_json = "{}"}};
        answers = co_await call.tools(std::move(calls));
    }));

    ASSERT_EQ(answers.size(), 4u);
    EXPECT_EQ(answers[0].output_json, R"("late")");
    EXPECT_EQ(answers[0].call_id, "1");
    EXPECT_EQ(answers[1].output_json, R"("early")");
    ASSERT_TRUE(answers[2].error);
    EXPECT_EQ(answers[2].error->message, "no");
    EXPECT_FALSE(answers[2].call_id.empty());
    EXPECT_EQ(answers[3].error->code, ErrorCode::not_found);
    EXPECT_EQ(host.tools().most_at_a_time(), 4u);
    EXPECT_EQ(host.tools().calls().at(0).arguments_json, R"({"a":1})");
    EXPECT_EQ(host.now(), 50ms);
}

TEST_F(AgentChildrenTest, MoreToolsThanTheHostRunsAtATimeWaitTheirTurn) {
    std::vector<WantedCall> calls;
    for (int i = 0; i < 40; ++i) {
        host.tools().answer("t", std::to_string(i), 1ms);
        calls.push_back({.id = std::to_string(i), .name = "t", .arguments_json = "{}"});
    }
    std::vector<patchbay::ToolAnswer> answers;

    auto& answer = run(
        ask([&](AgentCall& call) -> task<> { answers = co_await call.tools(std::move(calls)); }));

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
    ASSERT_EQ(answers.size(), 40u);
    EXPECT_EQ(answers[39].call_id, "39");
    EXPECT_EQ(host.tools().most_at_a_time(), 16u);
}

TEST_F(AgentChildrenTest, WhatAModelWantsIsReadWithItsExtra) {
    const auto calls = patchbay::detail::wanted_calls(
        R"([{"id":"a\"b","name":"n","arguments":{"x":[1]},"extra":{"sig":"s"}},{"id":"2","name":"m","arguments":{}}])");

    ASSERT_TRUE(calls);
    ASSERT_EQ(calls->size(), 2u);
    EXPECT_EQ((*calls)[0].id, "a\"b");
    EXPECT_EQ((*calls)[0].arguments_json, R"({"x":[1]})");
    EXPECT_EQ((*calls)[0].extra_json, R"({"sig":"s"})");
    EXPECT_EQ((*calls)[1].extra_json, "");
}

TEST_F(AgentChildrenTest, APersonDecides) {
    host.approval().decide({.decision = PATCHBAY_DECISION_EDITED,
                            .input_json = R"({"n":2})",
                            .by = "user:boss",
                            .comment = "less"});
    Approval first, second;
    AgentScript script = [&](AgentCall& call) -> task<> {
        first =
            co_await call.ask({.text = "Delete?", .input_json = R"({"n":9})", .expires_in = 5s});
        second = co_await call.ask({.text = "Really?"});
    };
    auto& answer = ask(script);

    host.advance(std::chrono::hours(48));
    EXPECT_FALSE(answer.finished());
    host.approval().decide({.decision = PATCHBAY_DECISION_DENIED});
    run(answer);

    EXPECT_TRUE(first.granted());
    EXPECT_EQ(first.outcome, Approval::Outcome::edited);
    EXPECT_EQ(first.input_json, R"({"n":2})");
    EXPECT_EQ(first.by, "user:boss");
    EXPECT_EQ(first.comment, "less");
    EXPECT_FALSE(second.granted());
    EXPECT_EQ(host.approval().questions().at(0).expires_in_ms, 5000);
}

TEST_F(AgentChildrenTest, TheHistoryIsRead) {
    host.set_history(std::string(R"([{"role":"user","content":[]}])"));
    std::string got;

    run(ask([&](AgentCall& call) -> task<> { got = co_await call.history(500); }));

    EXPECT_EQ(json::parse(got)[0]["role"], "user");
    EXPECT_EQ(host.history_reads(), std::vector<uint32_t>{500});

    host.set_history(patchbay::failure(ErrorCode::storage, "disk"));
    expect_failed(run(ask([](AgentCall& call) -> task<> { co_await call.history(); })),
                  ErrorCode::storage, "disk");
}

TEST_F(AgentChildrenTest, WhatTheStoreKeepsForLongerThanAClockCanTellStays) {
    std::optional<std::string> longest, long_enough;

    run(ask([&](AgentCall& call) -> task<> {
        const auto kv = call.kv();
        co_await kv.put("longest", "one", std::chrono::milliseconds::max());
        co_await kv.put("long", "two", 24h);
        co_await call.sleep(2s);
        longest = co_await kv.get("longest");
        long_enough = co_await kv.get("long");
    }));

    EXPECT_EQ(longest, "one");
    EXPECT_EQ(long_enough, "two");
}

TEST_F(AgentChildrenTest, TheStoreKeepsWhatIsPutThere) {
    std::optional<std::string> none, some, late;
    std::vector<std::string> keys;

    run(ask([&](AgentCall& call) -> task<> {
        const auto kv = call.kv();
        none = co_await kv.get("a");
        co_await when_all([&] {
            std::vector<task<>> puts;
            puts.push_back(call.kv().put("a/2", "two"));
            puts.push_back(call.kv().put("a/1", "one", 1s));
            puts.push_back(call.kv().put("b\"", "three"));
            return puts;
        }());
        some = co_await kv.get("a/1");
        keys = co_await kv.list("");
        co_await call.sleep(2s);
        late = co_await kv.get("a/1");
        co_await kv.remove("a/2");
    }));

    EXPECT_EQ(none, std::nullopt);
    EXPECT_EQ(some, "one");
    EXPECT_EQ(keys, (std::vector<std::string>{"a/1", "a/2", "b\""}));
    EXPECT_EQ(late, std::nullopt);
    EXPECT_EQ(host.kv().value("a/2"), std::nullopt);

    host.kv().fail({.code = ErrorCode::storage, .message = "full"});
    expect_failed(run(ask([](AgentCall& call) -> task<> { co_await call.kv().get("x"); })),
                  ErrorCode::storage, "full");
}

TEST_F(AgentChildrenTest, AJobGivesBackWhatItReturnsOrThrows) {
    for (const bool threads : {false, true}) {
        if (threads) host.worker().use_threads();
        const auto lane = std::this_thread::get_id();
        int number = 0;
        bool elsewhere = false, back = false;

        auto& answer = run(ask([&](AgentCall& call) -> task<> {
            co_await call.work([&] { elsewhere = std::this_thread::get_id() != lane; });
            number = co_await call.work([] { return 7; });
            back = std::this_thread::get_id() == lane;
            co_await call.work([]() -> int { throw Failed(ErrorCode::storage, "disk"); });
        }));

        EXPECT_EQ(number, 7);
        EXPECT_EQ(elsewhere, threads);
        EXPECT_TRUE(back);
        expect_failed(answer, ErrorCode::storage, "disk");
    }
}

// Each thing that may be awaited, cancelled while it is.
TEST_F(AgentChildrenTest, ACancelEndsWhateverIsAwaited) {
    host.http().answer("http://x", {.chunks = {{"x", 1h}}});
    const std::vector<std::pair<const char*, AgentScript>> awaiting = {
        {"chat", [](AgentCall& call) -> task<> { co_await call.chat({.forward = true}); }},
        {"agent",
         [](AgentCall& call) -> task<> {
             co_await call.agent({.agent = "a", .input_json = "{}"});
         }},
        {"tool", [](AgentCall& call) -> task<> { co_await call.tool("t"); }},
        {"ask", [](AgentCall& call) -> task<> { co_await call.ask({.text = "ok?"}); }},
        {"sleep", [](AgentCall& call) -> task<> { co_await call.sleep(1h); }},
        {"fetch", [](AgentCall& call) -> task<> { co_await call.fetch("http://x"); }},
        {"history", [](AgentCall& call) -> task<> { co_await call.history(); }},
        {"kv", [](AgentCall& call) -> task<> { co_await call.kv().get("k"); }},
        {"work", [](AgentCall& call) -> task<> { co_await call.work([] {}); }},
        {"several", [](AgentCall& call) -> task<> {
             co_await when_all(call.tool("t"), call.chat({.prompt = "x"}));
         }}};
    for (const auto& [name, script] : awaiting) {
        SCOPED_TRACE(name);
        host.children().answer({.chunks = {"x"}, .delay = 1h});
        host.children().answer("a", {.chunks = {"x"}, .delay = 1h});
        host.tools().answer("t", "{}", 1h);
        bool unwound = false;
        auto& answer = ask([&, body = script](AgentCall& call) -> task<> {
            try {
                co_await body(call);
            } catch (const Cancelled&) {
                unwound = true;
                throw;
            }
        });

        answer.cancel();
        host.run();

        EXPECT_TRUE(unwound);
        EXPECT_TRUE(answer.closed());
        EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
        EXPECT_EQ(answer.pending(), 0u);
    }
}

TEST_F(AgentChildrenTest, ACancelEndsAWriterThatWaitsForItsReader) {
    auto& answer = ask([](AgentCall& call) -> task<> {
        co_await call.sleep(1s);
        co_await call.write("a");
        co_await call.write("b");
    });
    answer.pause();
    host.advance(2s);
    EXPECT_EQ(answer.text(), "a");

    answer.cancel();
    host.run();

    EXPECT_TRUE(answer.closed());
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_EQ(answer.text(), "a");
}

TEST_F(AgentChildrenTest, OneThatGoesOnAfterACancelGetsNowhere) {
    int cancelled = 0;
    auto& answer = ask([&](AgentCall& call) -> task<> {
        while (true) {
            try {
                co_await call.sleep(1h);
            } catch (const std::exception&) {
                ++cancelled;
            }
        }
    });

    answer.cancel();
    host.run();

    EXPECT_EQ(cancelled, 1);
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_EQ(answer.text(), "");
    EXPECT_TRUE(answer.closed());
}

TEST_F(AgentChildrenTest, OneThatCatchesAllAroundItsWritesOrSeveralTasksEndsToo) {
    const auto swallow = [](task<> awaited) -> task<> {
        try {
            co_await awaited;
        } catch (const std::exception&) {
        }
    };
    auto& writer = ask([&](AgentCall& call) -> task<> {
        co_await call.sleep(1ms);
        while (true) co_await swallow(call.write("x"));
    });
    auto& several = ask([&](AgentCall& call) -> task<> {
        while (true) {
            std::vector<task<>> both;
            both.push_back(swallow(call.sleep(1h)));
            both.push_back(swallow(call.sleep(1h)));
            co_await when_all(std::move(both));
        }
    });

    writer.cancel();
    several.cancel();
    host.run();

    for (const auto* answer : {&writer, &several}) {
        EXPECT_EQ(answer->finish_reason(), PATCHBAY_FINISH_CANCELLED);
        EXPECT_TRUE(answer->closed());
    }
}

TEST_F(AgentChildrenTest, CallsThatCannotBeReadFailTheirAnswer) {
    const auto nested = std::string(130, '[') + std::string(130, ']');
    host.children().answer(
        {.tool_calls = {{.name = "t", .arguments_json = R"({"a":)" + nested + "}"}}});
    std::optional<ErrorCode> code;

    auto& answer = run(ask([&](AgentCall& call) -> task<> {
        try {
            co_await call.chat({.prompt = "x"});
        } catch (const Failed& failed) {
            code = failed.error().code;
        }
    }));

    EXPECT_EQ(code, ErrorCode::upstream);
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(AgentChildrenTest, AJobThatHasBegunIsWaitedForAndTheStreamEndsAtOnce) {
    host.worker().use_threads();
    std::atomic<bool> begun = false, told = false;
    AgentScript script = [&](AgentCall& call) -> task<> {
        co_await call.work([&] {
            begun = true;
            while (!call.cancelled()) std::this_thread::yield();
            told = true;
        });
        call.stream().text("never");
    };
    auto& answer = ask(script);
    host.run();
    while (!begun) std::this_thread::yield();

    answer.cancel();
    host.run();
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    run(answer);

    EXPECT_TRUE(told);
    EXPECT_EQ(answer.text(), "");
}

TEST_F(AgentChildrenTest, ACancelAfterTheEndDoesNothing) {
    auto& answer = ask([](AgentCall& call) -> task<> {
        call.stream().text("done");
        co_return;
    });

    answer.cancel();
    run(answer);

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
}

}  // namespace
