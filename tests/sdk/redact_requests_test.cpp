// What middleware/redact takes out of requests, and where it does so.
#include "redact_fixture.hpp"

namespace {

TEST_F(RedactTest, RequestsAreRedactedToo) {
    create_with("secret");

    auto& changed =
        host.turn({.content_json =
                       R"([{"type":"text","text":"my secret"},{"type":"image","url":"secret"}])"});
    auto& unchanged = host.turn();

    const auto parts = json::parse(changed.change().content_json);
    EXPECT_EQ(parts[0]["text"], "my #");
    EXPECT_EQ(parts[1]["url"], "secret");
    EXPECT_EQ(unchanged.change().content_json, "");
}

TEST_F(RedactTest, TheLimitOfAnswersIsNoneOfRequests) {
    create_with("sk-[0-9a-z]{20,}|begin[^!]*!", 16);
    const std::string token = "sk-" + std::string(480, 'a');

    auto& long_match =
        host.turn({.content_json = json{{{"type", "text"}, {"text", "My " + token + "."}}}.dump()});
    auto& late_end = host.turn({.input_json = json{{"late", "begin" + std::string(480, '-') + "!"},
                                                   {"never", "begin" + token}}
                                                  .dump()});

    EXPECT_EQ(json::parse(long_match.change().content_json)[0]["text"], "My #.");
    EXPECT_EQ(json::parse(late_end.change().input_json),
              json({{"late", "#"}, {"never", "begin#"}}));
}

TEST_F(RedactTest, ResultsOfToolsInAMessageAreRedactedAtEveryDepth) {
    create_with("secret|[0-9]{4}");

    auto& turn = host.turn({.content_json = R"([
        {"type":"tool_result","id":"secret","output":{"a":["my secret",1234],"b":"fine"}},
        {"type":"tool_result","id":"b","output":"no secret"},
        {"type":"tool_result","id":"c","error":"a secret failed"}])"});

    EXPECT_EQ(json::parse(turn.change().content_json), json::parse(R"([
        {"type":"tool_result","id":"secret","output":{"a":["my #","#"],"b":"fine"}},
        {"type":"tool_result","id":"b","output":"no #"},
        {"type":"tool_result","id":"c","error":"a # failed"}])"));
}

TEST_F(RedactTest, TheInputOfAnAgentsMethodIsRedactedAtEveryDepth) {
    create_with("secret|[0-9]{4}");

    auto& turn = host.turn(
        {.method = "pay",
         .input_json =
             R"({"a":"my secret","secret":[{"b":["\u0073ecret","\"secret\"\n",7]},1234,-12.5,
                           true,null,{}],"c":{"d":123456},"e":""})"});

    EXPECT_EQ(json::parse(turn.change().input_json), json::parse(R"({"a":"my #",
        "secret":[{"b":["#","\"#\"\n",7]},"#",-12.5,true,null,{}],"c":{"d":"#56"},"e":""})"));
    EXPECT_EQ(turn.change().content_json, "");
}

TEST_F(RedactTest, AnInputWithNothingToTakeOutStaysAsItCame) {
    create_with("secret");

    auto& turn = host.turn({.method = "pay", .input_json = R"({"amount": 1.50, "to": "ann"})"});

    EXPECT_TRUE(turn.passed());
    EXPECT_EQ(turn.change().input_json, "");
}

TEST_F(RedactTest, WhatReplacesAMatchKeepsTheInputValid) {
    ASSERT_TRUE(create(
        json{{"patterns", {{{"pattern", "\"|7"}, {"replacement", "\\\"\n\u00fc"}}}}}.dump()));

    auto& turn = host.turn({.input_json = R"({"a":"say \"x\"","b":7})"});

    EXPECT_EQ(json::parse(turn.change().input_json),
              json({{"a", "say \\\"\n\u00fcx\\\"\n\u00fc"}, {"b", "\\\"\n\u00fc"}}));
}

TEST_F(RedactTest, ADeepInputIsRedactedToo) {
    create_with("secret");
    const size_t depth = 200;

    auto& turn = host.turn({.input_json = R"({"a":)" + std::string(depth, '[') + R"("secret")" +
                                          std::string(depth, ']') + "}"});

    EXPECT_EQ(turn.change().input_json,
              R"({"a":)" + std::string(depth, '[') + R"("#")" + std::string(depth, ']') + "}");
}

// As text, the line's end would be two characters that match nothing.

TEST_F(RedactTest, AMessageThatShowsTheInputIsLeftToFollowIt) {
    create_with("se\\scret");
    const std::string input = R"({"text":"se\ncret"})";
    const auto shows = json{{{"type", "text"}, {"text", input}}}.dump();
    const auto own = json{{{"type", "text"}, {"text", "se cret, secret"}}}.dump();

    auto& shown = host.turn({.content_json = shows, .input_json = input});
    auto& beside = host.turn({.content_json = own, .input_json = input});

    EXPECT_EQ(shown.change().input_json, R"({"text":"#"})");
    EXPECT_EQ(shown.change().content_json, "");
    EXPECT_EQ(beside.change().input_json, R"({"text":"#"})");
    EXPECT_EQ(json::parse(beside.change().content_json)[0]["text"], "#, secret");
}

TEST_F(RedactTest, ALargeMessageIsRedactedOffTheLane) {
    create_with("secret");
    const std::string large(70'000, '-');

    auto& turn =
        host.turn({.content_json = json{{{"type", "text"}, {"text", large + "secret"}}}.dump()});
    EXPECT_FALSE(turn.decided());
    host.run();
    ASSERT_TRUE(turn.passed());
    EXPECT_EQ(json::parse(turn.change().content_json)[0]["text"], large + "#");
    turn.send_text("a secret");
    turn.end();
    EXPECT_EQ(turn.text(), "a #");

    auto& gone = host.turn({.content_json = json{{{"type", "text"}, {"text", large}}}.dump()});
    gone.cancel();
    host.run();
    EXPECT_TRUE(gone.closed());
}

TEST_F(RedactTest, TheLargerThePatternsTheLessIsRedactedOnTheLane) {
    const auto on_lane = [](const json& patterns, size_t size) {
        patchbay::testing::FakeHost own;
        const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
        EXPECT_TRUE(own.create(**plugin, json{{"patterns", patterns}}.dump()));
        const auto content = json{{{"type", "text"}, {"text", std::string(size, '-')}}}.dump();
        auto& turn = own.turn({.content_json = content});
        const bool decided = turn.decided();
        own.run();
        EXPECT_TRUE(turn.passed());
        turn.end();
        own.shut_down();
        return decided;
    };
    json large = json::array();
    for (int i = 0; i < 10; ++i)
        large.push_back({{"pattern", "(\\w+ ){1,40}code" + std::to_string(i)}});

    EXPECT_TRUE(on_lane({{{"pattern", "secret"}}}, 16'000));
    EXPECT_FALSE(on_lane({{{"pattern", "secret"}}}, 17'000));
    EXPECT_TRUE(on_lane(large, 100));
    EXPECT_FALSE(on_lane(large, 2'000));
}

}  // namespace
