// The agent assistant against the fake host: rounds of tool calls, their limit, what may be called.
#include <patchbay/failed.hpp>

#include "plugin_under_test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::testing::ChildAnswer;
using namespace std::chrono_literals;

class AssistantTest : public PluginUnderTest {
protected:
    AssistantTest() : PluginUnderTest(ASSISTANT_PLUGIN) {}

    void SetUp() override {
        host.tools().offer(R"([{"name":"add","description":"","parameters":{"type":"object"}},)"
                           R"({"name":"drop","description":"","parameters":{"type":"object"}}])");
    }
    static ChildAnswer wants(const std::string& id, const std::string& name) {
        return {.chunks = {"Let me see. "}, .tool_calls = {{.id = id, .name = name}}};
    }
    json tools_of(size_t at) {
        const auto& tools = host.children().asked().at(at).tools_json;
        return tools.empty() ? json() : json::parse(tools);
    }
};

TEST_F(AssistantTest, AnswersWithoutToolsWhenTheModelWantsNone) {
    ASSERT_TRUE(create(R"({"instructions":"Be short."})"));
    host.children().answer({.chunks = {"Hi"}, .reason = PATCHBAY_FINISH_LENGTH});

    auto& answer = ask();

    EXPECT_EQ(answer.text(), "Hi");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_LENGTH);
    const auto& asked = host.children().asked().at(0);
    EXPECT_EQ(asked.system, "Be short.");
    EXPECT_EQ(asked.messages_json, "");
    EXPECT_EQ(tools_of(0).size(), 2u);
}

TEST_F(AssistantTest, CallsWhatTheModelWantsSideBySideAndAsksAgain) {
    ASSERT_TRUE(create());
    host.children().answer(
        {.tool_calls = {
             {"c1", "add", R"({"a":1})"}, {"c2", "add", R"({"a":2})"}, {"c3", "drop", "{}"}}});
    host.children().answer({.chunks = {"Three."}});
    host.tools().answer("add", "1", 20ms);
    host.tools().answer("add", "2", 10ms);
    host.tools().fail("drop", patchbay::user_error(ErrorCode::forbidden, "no"));

    auto& answer = ask();

    EXPECT_EQ(answer.text(), "Three.");
    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_STOP);
    ASSERT_EQ(host.tools().calls().size(), 3u);
    EXPECT_EQ(host.tools().calls()[1].call_id, "c2");
    EXPECT_EQ(host.tools().calls()[1].arguments_json, R"({"a":2})");
    EXPECT_EQ(host.tools().most_at_a_time(), 3u);
    EXPECT_EQ(host.children().asked().size(), 2u);
    EXPECT_EQ(host.children().asked()[1].messages_json, "");  // the host knows what was done
    EXPECT_EQ(answer.events(PATCHBAY_EVENT_TOOL_CALL).size(), 3u);
}

TEST_F(AssistantTest, AfterTheLastRoundTheModelIsToldToAnswer) {
    ASSERT_TRUE(create(R"({"rounds":2,"instructions":"Be short."})"));
    for (const auto* id : {"1", "2"}) {
        host.children().answer(wants(id, "add"));
        host.tools().answer("add", "1");
    }
    host.children().answer({.chunks = {"Enough."}});

    auto& answer = ask();

    EXPECT_EQ(answer.text(), "Let me see. Let me see. Enough.");
    ASSERT_EQ(host.children().asked().size(), 3u);
    EXPECT_EQ(host.children().asked()[1].system, "Be short.");
    EXPECT_TRUE(host.children().asked()[2].system.starts_with("Be short.\n\nYou have used all"));
    EXPECT_EQ(tools_of(2).size(), 2u);
}

TEST_F(AssistantTest, AModelThatNeverStopsCallingToolsFailsTheRun) {
    ASSERT_TRUE(create());
    for (int i = 0; i < 20; ++i) {
        host.children().answer(wants(std::to_string(i), "add"));
        host.tools().answer("add", "1");
    }

    auto& answer = ask();

    ASSERT_TRUE(answer.error());
    EXPECT_EQ(answer.error()->code, ErrorCode::limit);
    EXPECT_EQ(host.tools().calls().size(), 8u);
    EXPECT_EQ(host.children().asked().size(), 9u);
}

TEST_F(AssistantTest, AToolThatIsNotAllowedIsNeitherOfferedNorCalled) {
    ASSERT_TRUE(create(R"({"tools":["add"]})"));
    host.children().answer(
        {.tool_calls = {{.id = "1", .name = "drop"}, {.id = "2", .name = "add"}}});
    host.children().answer({.chunks = {"Done."}});
    host.tools().answer("add", "1");

    auto& answer = ask();

    ASSERT_EQ(tools_of(0).size(), 1u);
    EXPECT_EQ(tools_of(0)[0]["name"], "add");
    ASSERT_EQ(host.tools().calls().size(), 1u);
    EXPECT_EQ(host.tools().calls()[0].name, "add");
    const auto refused = answer.events(PATCHBAY_EVENT_TOOL_RESULT);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].id, "1");
    EXPECT_EQ(refused[0].flags, PATCHBAY_EVENT_FAILED);
    EXPECT_TRUE(json::accept(refused[0].text));
    EXPECT_EQ(answer.text(), "Done.");
}

TEST_F(AssistantTest, WithoutToolsNoneAreOffered) {
    ASSERT_TRUE(create(R"({"tools":[],"rounds":0})"));
    host.children().answer({.chunks = {"Plain."}});

    auto& answer = ask();

    EXPECT_EQ(answer.text(), "Plain.");
    EXPECT_EQ(host.children().asked().at(0).tools_json, "");
    EXPECT_EQ(host.children().asked().at(0).system, "");
}

TEST_F(AssistantTest, AModelThatFailsInALaterRoundFailsTheRun) {
    ASSERT_TRUE(create());
    host.children().answer(wants("1", "add"));
    host.tools().answer("add", "1");
    host.children().answer(
        {.failure = patchbay::Error{.code = ErrorCode::rate_limited, .message = "slower"}});

    auto& answer = ask();

    ASSERT_TRUE(answer.error());
    EXPECT_EQ(answer.error()->code, ErrorCode::rate_limited);
}

TEST_F(AssistantTest, ACancelWhileToolsRunEndsThem) {
    ASSERT_TRUE(create());
    host.children().answer(
        {.tool_calls = {{.id = "1", .name = "add"}, {.id = "2", .name = "drop"}}});
    host.tools().answer("add", "1", 1h);
    host.tools().answer("drop", "1", 1h);
    auto& answer = **host.open(patchbay::testing::AgentInput());
    EXPECT_TRUE(host.run_until([&] { return host.tools().calls().size() == 2; }));

    answer.cancel();
    run(answer);

    EXPECT_EQ(answer.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_TRUE(host.tools().calls()[0].cancelled);
    EXPECT_TRUE(host.tools().calls()[1].cancelled);
}

}  // namespace
