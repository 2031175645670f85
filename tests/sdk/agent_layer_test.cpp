// The C++ layer for agents: what is asked, what comes back, how an answer ends.
#include "scripted_call.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace {

using patchbay::AgentCall;
using patchbay::ErrorCode;
using patchbay::Failed;
using patchbay::FinishReason;
using patchbay::Flow;
using patchbay::task;
using patchbay::when_all;
using namespace std::chrono_literals;
using nlohmann::json;

class AgentLayerTest : public CallLayerTest {};

TEST_F(AgentLayerTest, TheTableSaysWhatThePluginIs) {
    const auto about = json::parse(scripted_plugin.about_json);

    EXPECT_EQ(about["interfaces"], json::parse(R"(["patchbay.agent/1","patchbay.tool/1"])"));
    const auto* agent = static_cast<const patchbay_agent_1*>(
        scripted_plugin.get_interface({"patchbay.agent/1", 16}));
    ASSERT_NE(agent, nullptr);
    EXPECT_EQ(agent->methods, nullptr);
    EXPECT_EQ(host.methods(), "");
}

TEST_F(AgentLayerTest, ASecondQuestionMayBeMadeOfTheFirstAnswer) {
    host.children().answer({.chunks = {"one fact that is long enough to be allocated, ", "two"}});
    host.children().answer({.chunks = {"A sen", "tence."}});

    auto& answer = run(ask(
        [](AgentCall& call) -> task<> {
            const auto facts =
                co_await call.chat({.prompt = "List the facts in: " + call.input("text")});
            co_await call.chat({.prompt = "One sentence from: " + facts.text, .forward = true});
        },
        {.method = "summarize",
         .input_json = R"({"text":"A \"long\" text, too long for a buffer"})"}));

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
    EXPECT_EQ(answer.text(), "A sentence.");
    const auto& asked = host.children().asked();
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(json::parse(asked[0].messages_json)[0]["content"][0]["text"],
              "List the facts in: A \"long\" text, too long for a buffer");
    EXPECT_EQ(asked[0].flags, PATCHBAY_CHAT_COLLECT);
    EXPECT_EQ(json::parse(asked[1].messages_json)[0]["content"][0]["text"],
              "One sentence from: one fact that is long enough to be allocated, two");
    EXPECT_EQ(asked[1].flags, PATCHBAY_CHAT_FORWARD);
}

TEST_F(AgentLayerTest, WithoutAPromptTheConversationSoFarIsAsked) {
    host.children().answer(
        "far/model",
        {.chunks = {"Hi"}, .reason = PATCHBAY_FINISH_LENGTH, .usage = {.prompt_tokens = 3}});
    patchbay::ChatAnswer got;

    auto& answer = run(ask([&](AgentCall& call) -> task<> {
        got = co_await call.chat({.system = "Be kind.",
                                  .model = "far/model",
                                  .options_json = R"({"top_p":1})",
                                  .max_tokens = 7,
                                  .forward = true,
                                  .collect = true});
        call.end_as(got.reason);
    }));

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_LENGTH);
    EXPECT_EQ(got.text, "Hi");
    EXPECT_EQ(got.usage.prompt_tokens, 3u);
    const auto& asked = host.children().asked().at(0);
    EXPECT_EQ(asked.messages_json, "");
    EXPECT_EQ(asked.system, "Be kind.");
    EXPECT_EQ(asked.options_json, R"({"top_p":1})");
    EXPECT_EQ(asked.max_tokens, 7u);
    EXPECT_EQ(asked.flags, PATCHBAY_CHAT_FORWARD | PATCHBAY_CHAT_COLLECT);
}

TEST_F(AgentLayerTest, AnotherAgentIsAskedByItsMethod) {
    host.children().answer("facts", {.chunks = {"{}"}});

    run(ask([](AgentCall& call) -> task<> {
        co_await call.agent({.agent = "facts", .method = "list", .input_json = R"({"n":1})"});
    }));

    const auto& asked = host.children().asked().at(0);
    EXPECT_EQ(asked.agent, "facts");
    EXPECT_EQ(asked.method, "list");
    EXPECT_EQ(asked.input_json, R"({"n":1})");
}

TEST_F(AgentLayerTest, TheRequestIsKeptForTheWholeCall) {
    std::string text, interaction, model;
    uint32_t attempt = 0, depth = 0;

    run(ask(
        [&](AgentCall& call) -> task<> {
            co_await call.sleep(1s);  // what open() lent is gone by now
            text = call.text();
            interaction = call.interaction_id;
            model = call.model;
            attempt = call.attempt;
            depth = call.depth;
        },
        {.input_json =
             R"({"content":[{"type":"text","text":"a"},{"type":"image","url":"u"},{"type":"text","text":"b"}]})",
         .attempt = 2,
         .depth = 3}));

    EXPECT_EQ(text, "ab");
    EXPECT_EQ(interaction, patchbay::testing::some_id);
    EXPECT_EQ(model, "test/model");
    EXPECT_EQ(attempt, 2u);
    EXPECT_EQ(depth, 3u);
    EXPECT_EQ(host.now(), 1s);
}

TEST_F(AgentLayerTest, AChildThatFailedFailsTheAnswerWithItsError) {
    host.children().answer(
        {.chunks = {"half"},
         .failure = patchbay::Error{
             .code = ErrorCode::rate_limited, .message = "slower", .retry_after_ms = 9}});

    auto& answer = run(ask(
        [](AgentCall& call) -> task<> { co_await call.chat({.prompt = "x", .forward = true}); }));

    expect_failed(answer, ErrorCode::rate_limited, "slower");
    EXPECT_EQ(answer.error()->retry_after_ms, 9);
    EXPECT_EQ(answer.text(), "half");
}

TEST_F(AgentLayerTest, AChildThatFailedCanBeDoneWithout) {
    host.children().answer("second", {.chunks = {"second"}});

    auto& answer = run(ask([](AgentCall& call) -> task<> {
        bool failed = false;
        try {
            co_await call.chat({.prompt = "x", .model = "first"});
        } catch (const Failed& why) {
            failed = why.error().code == ErrorCode::upstream;
        }
        if (failed) co_await call.chat({.prompt = "x", .model = "second", .forward = true});
    }));

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
    EXPECT_EQ(answer.text(), "second");
}

TEST_F(AgentLayerTest, WhatIsThrownFailsTheAnswer) {
    const std::string empty;
    expect_failed(run(ask([](AgentCall&) -> task<> {
                      throw std::runtime_error("boom");
                      co_return;
                  })),
                  ErrorCode::internal, "boom");
    expect_failed(run(ask([](AgentCall& call) -> task<> {
                      co_await call.sleep(1s);
                      throw 42;
                  })),
                  ErrorCode::internal, "an exception of an unknown type");
    expect_failed(run(ask([](AgentCall&) -> task<> {
                      throw Failed(patchbay::user_error(ErrorCode::not_found, "gone"));
                      co_return;
                  })),
                  ErrorCode::not_found, "gone");
}

TEST_F(AgentLayerTest, WhatARunThrowsThatIsNoCoroutineFailsTheAnswerToo) {
    expect_failed(run(ask([](AgentCall&) -> task<> { throw std::runtime_error("no frame"); })),
                  ErrorCode::internal, "no frame");
    expect_failed(run(ask([](AgentCall&) -> task<> {
                      throw Failed(patchbay::user_error(ErrorCode::bad_request, "Say more."));
                  })),
                  ErrorCode::bad_request, "Say more.");
}

// g++ 12 dies of such braces in a co_await expression.
template <class Call>
concept TakesCallsInBraces = requires(Call& call, const patchbay::WantedCall& wanted) {
    call.tools({wanted, wanted});
};
static_assert(!TakesCallsInBraces<AgentCall>);

TEST_F(AgentLayerTest, ARunWithoutACoroutineEndsAtOnce) {
    auto& answer = run(ask([](AgentCall& call) -> task<> {
        call.stream().text("plain");
        return {};
    }));

    EXPECT_EQ(answer.text(), "plain");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(AgentLayerTest, AReasonThatOnlyALaterHostKnowsEndsTheAnswerAsStopDoes) {
    constexpr uint32_t later = 99;
    host.children().answer({.chunks = {"Hi"}, .reason = later});

    auto& answer = run(ask([](AgentCall& call) -> task<> {
        call.end_as((co_await call.chat({.prompt = "x", .forward = true})).reason);
    }));

    EXPECT_EQ(answer.text(), "Hi");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
}

TEST_F(AgentLayerTest, AReaderCanStallBehindWhatAChildIsForwardedWith) {
    host.children().answer({.chunks = {"one ", "two ", "three"}});
    auto& answer = ask(
        [](AgentCall& call) -> task<> { co_await call.chat({.prompt = "x", .forward = true}); });

    answer.pause_after(1);
    host.run_until([&] { return answer.paused(); });
    host.run();
    EXPECT_EQ(answer.text(), "one ");
    answer.resume();

    EXPECT_EQ(run(answer).text(), "one two three");
}

TEST_F(AgentLayerTest, AStartThatIsRefusedIsAFailureToo) {
    for (const auto code : {ErrorCode::limit, ErrorCode::model_not_found, ErrorCode::bad_request}) {
        host.children().refuse(code);
        auto& answer =
            run(ask([](AgentCall& call) -> task<> { co_await call.chat({.prompt = "x"}); }));
        expect_failed(answer, code, "the host refused a child");
    }
}

TEST_F(AgentLayerTest, AnOlderHostWithoutAnInterfaceIsAFailure) {
    patchbay::testing::FakeHost older;
    for (const auto* id :
         {PATCHBAY_CHAT_1, PATCHBAY_TOOLS_1, PATCHBAY_HISTORY_1, PATCHBAY_KV_1, PATCHBAY_WORKER_1,
          PATCHBAY_APPROVAL_1, PATCHBAY_TIMER_1, PATCHBAY_HTTP_1, PATCHBAY_METRICS_1})
        older.hide(id);
    int unsupported = 0;
    scripts.agent = [&](AgentCall& call) -> task<> {
        for (int which = 0; which < 8; ++which) {
            try {
                if (which == 0) co_await call.chat();
                if (which == 1) co_await call.tool("x");
                if (which == 2) co_await call.history();
                if (which == 3) co_await call.kv().get("x");
                if (which == 4) co_await call.work([] {});
                if (which == 5) co_await call.ask({.text = "x"});
                if (which == 6) co_await call.sleep(1s);
                if (which == 7) co_await call.fetch("http://x");
            } catch (const Failed& failed) {
                unsupported += failed.error().code == ErrorCode::unsupported;
            }
        }
    };
    ASSERT_TRUE(
        older.create(scripted_plugin, std::to_string(reinterpret_cast<uintptr_t>(&scripts))));

    const auto answer = older.open(patchbay::testing::AgentInput());

    ASSERT_TRUE(answer);
    EXPECT_TRUE(older.run_until([&] { return (*answer)->closed(); }));
    EXPECT_EQ(unsupported, 8);
}

TEST_F(AgentLayerTest, WhatAChildSaysMayBeHeardAndChanged) {
    host.children().answer({.chunks = {"a", "b", "c"}});

    auto& answer = run(ask([](AgentCall& call) -> task<> {
        co_await call.chat({.prompt = "x"}, [&](std::span<const patchbay::Event> events) {
            auto flow = Flow::go_on;
            for (const auto& event : events)
                flow = call.stream().text("<" + std::string(patchbay::text_of(event.text)) + ">");
            return flow;
        });
    }));

    EXPECT_EQ(answer.text(), "<a><b><c>");
    EXPECT_EQ(host.children().asked().at(0).flags, 0u);
}

TEST_F(AgentLayerTest, WhoHearsAChildAndThrowsFailsTheAnswer) {
    host.children().answer({.chunks = {"a", "b", "c"}});
    int heard = 0;

    auto& answer = run(ask([&](AgentCall& call) -> task<> {
        co_await call.chat({.prompt = "x"}, [&](std::span<const patchbay::Event>) -> Flow {
            ++heard;
            throw std::runtime_error("deaf");
        });
    }));

    expect_failed(answer, ErrorCode::internal, "deaf");
    EXPECT_EQ(heard, 1);
    EXPECT_TRUE(host.children().asked().at(0).cancelled);
}

TEST_F(AgentLayerTest, AReaderThatStallsHoldsWritersAndTheChildrenThatAreHeard) {
    host.children().answer({.chunks = {"1", "2", "3"}});
    const std::string large(100'000, 'x');
    auto& answer = ask([&](AgentCall& call) -> task<> {
        co_await call.write(large);
        co_await call.chat({.prompt = "x"}, [&](std::span<const patchbay::Event> events) {
            return call.stream().text(patchbay::text_of(events[0].text));
        });
    });
    EXPECT_LT(answer.text().size(), large.size());  // in pieces of less than 64 KiB
    EXPECT_TRUE(host.run_until([&] { return answer.text() == large; }));
    answer.pause();
    host.run();
    EXPECT_EQ(answer.text(), large + "1");  // then it was told

    answer.resume();
    run(answer);

    EXPECT_EQ(answer.text(), large + "123");
    EXPECT_EQ(answer.emits_while_paused(), 0u);
}

TEST_F(AgentLayerTest, AWriterWaitsForTheReaderBetweenPiecesAndCutsNoCharacter) {
    std::string large;
    for (int i = 0; i < 30'000; ++i) large += "€";
    bool written = false;
    AgentScript script = [&](AgentCall& call) -> task<> {
        co_await call.sleep(1s);
        co_await call.write(large);
        written = true;
    };
    auto& answer = ask(script);
    answer.pause_after(1);

    host.advance(2s);
    EXPECT_EQ(answer.events().size(), 1u);
    EXPECT_FALSE(written);
    answer.resume();
    run(answer);

    EXPECT_EQ(answer.text(), large);
    EXPECT_TRUE(written);
}

TEST_F(AgentLayerTest, AFetchGivesTheWholeAnswer) {
    host.http().answer(
        "http://far/x",
        {.status = 404, .headers = {{"Content-Type", "text/plain"}}, .chunks = {"not ", "here"}});
    patchbay::HttpReply reply;

    run(ask([&](AgentCall& call) -> task<> {
        patchbay::HttpRequest request = {.method = "POST", .url = "http://far/x", .body = "b"};
        reply = co_await call.fetch(request);
        co_await call.fetch("http://far/none");
    }));

    EXPECT_EQ(reply.status, 404u);
    EXPECT_EQ(reply.body, "not here");
    EXPECT_EQ(reply.headers.at(0).value, "text/plain");
    EXPECT_EQ(host.http().calls().at(0).settings.max_body_bytes, 1024u * 1024);
    EXPECT_EQ(host.http().calls().at(1).method, "GET");
}

}  // namespace
