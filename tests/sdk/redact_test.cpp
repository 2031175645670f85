// The middleware system_prompt and redact against the fake host.
#include "redact_fixture.hpp"

#include <regex>

namespace {

class SystemPromptTest : public PluginUnderTest {
protected:
    SystemPromptTest() : PluginUnderTest(SYSTEM_PROMPT_PLUGIN) {}
};

TEST_F(SystemPromptTest, PutsItsTextBeforeTheConversationAndSeesNoEvents) {
    ASSERT_TRUE(create(R"({"text":"Be kind."})"));

    auto& turn = host.turn();

    EXPECT_EQ(turn.change().system, "Be kind.");
    EXPECT_EQ(turn.change().content_json, "");
    const auto plugin = patchbay::testing::load_plugin(SYSTEM_PROMPT_PLUGIN);
    const auto* table = static_cast<const patchbay_middleware_1*>(
        (*plugin)->get_interface({PATCHBAY_MIDDLEWARE_1, sizeof PATCHBAY_MIDDLEWARE_1 - 1}));
    EXPECT_EQ(table->on_events, nullptr);
    EXPECT_EQ(table->on_end, nullptr);
    EXPECT_EQ(table->cancel, nullptr);
}

TEST_F(RedactTest, TakesOutWhatMatchesHoweverItIsCut) {
    create_with(R"([\w.+-]+@[\w-]+(\.[\w-]+)+)");

    EXPECT_EQ(shown_anyhow("Write to ann.b+c@mail.example.org, or to bob@x.de."),
              "Write to #, or to #.");
    EXPECT_EQ(shown_anyhow("no@where"), "no@where");
    EXPECT_EQ(shown_anyhow("Grüße an jörg@x.de€"), "Grüße an jö#€");
}

TEST_F(RedactTest, ReadsItsPatternsAsOthersDo) {
    const std::string text =
        "ab 12 foo-bar FOO 2024-01-31 aaa (x) [y] a.b $5 4111 1111 1111 1111 cab";
    for (const auto* pattern :
         {"a+",       "a|ab",      "ab?",       "(?:foo|bar)",   "[0-9]{4}-[0-9]{2}-[0-9]{2}",
          "\\d{2,3}", "a{2}",      "a{2,}",     "[^a-z ]+",      "\\(x\\)",
          "\\[.\\]",  "a\\.b",     "\\$\\d",    "(\\d{4} ?){4}", "\\bab\\b",
          "\\bfoo",   "[a-c]+\\b", "\\w+-\\w+", "\\S+",          "[\\d-]+",
          "(a|b)+",   "x*y",       "[.\\]]",    "\\W\\d",        "foo(-bar)?"}) {
        patchbay::testing::FakeHost own;
        const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
        ASSERT_TRUE(own.create(
            **plugin, json{{"patterns", {{{"pattern", pattern}, {"replacement", "#"}}}}}.dump()));
        auto& turn = own.turn();
        for (const char c : text) turn.send_text(std::string(1, c));
        turn.end();
        // POSIX: leftmost, longest. It has no \b, \d and the like; those are alike in both.
        const std::string_view view(pattern);
        const bool posix = view.find('\\') == view.npos && view.find("(?") == view.npos;
        const std::regex expected(pattern, posix ? std::regex::extended : std::regex::ECMAScript);
        EXPECT_EQ(turn.text(), std::regex_replace(text, expected, "#")) << pattern;
    }
}

TEST_F(RedactTest, HoldsOnlyWhatMayBecomeAMatch) {
    create_with("secret-[0-9]+");
    auto& turn = host.turn();

    turn.send_text("Nothing here to hide, ");
    EXPECT_EQ(turn.text(), "Nothing here to hide, ");
    turn.send_text("but se");
    EXPECT_EQ(turn.text(), "Nothing here to hide, but ");
    turn.send_text("ven");
    EXPECT_EQ(turn.text(), "Nothing here to hide, but seven");
    turn.send_text(" secret-1");
    EXPECT_EQ(turn.text(), "Nothing here to hide, but seven ");
    turn.send_text("23");
    turn.end();

    EXPECT_EQ(turn.text(), "Nothing here to hide, but seven #");
}

// Nobody knows yet whether it is a match; shown, it could not be taken back.

TEST_F(RedactTest, WhatIsUndecidedBeyondTheLimitIsTakenOutUntilItIsDecided) {
    create_with("x[^.!]*\\.", 16);
    auto& turn = host.turn();
    std::string sent;

    for (int i = 0; i < 100; ++i) {
        sent += "xy";
        turn.send_text("xy");
        if (sent.size() > 16) {
            EXPECT_EQ(turn.text(), "#");
        }
    }
    turn.send_text(". No ");
    EXPECT_EQ(turn.text(), "# No ");
    turn.send_text("x" + std::string(30, 'z') + "! Never.");
    turn.end();

    EXPECT_EQ(turn.text(), "# No #! Never.");
}

TEST_F(RedactTest, WhatBeginsInWhatWasTakenOutIsTakenOutToItsEnd) {
    ASSERT_TRUE(create(json{
        {"patterns",
         {{{"pattern", "open [a-z ]+\\!"}, {"replacement", "<o>"}},
          {{"pattern", "key\\s+[0-9]+"}, {"replacement", "<k>"}}}},
        {"hold", 16}}.dump()));

    EXPECT_EQ(shown({"an open door and so many words and a key\n", "123", "45 is here, key 1"}),
              "an <o> is here, <k>");
}

TEST_F(RedactTest, HoldsNoMoreThanItsLimitAlsoBehindAMatch) {
    create_with("[0-9]{3}([a-z ]*[0-9])?", 16);
    auto& turn = host.turn();

    turn.send_text("It is 123");
    turn.send_text(" and so");
    EXPECT_EQ(turn.text(), "It is ");
    turn.send_text(" on and on and on and on and on");
    EXPECT_EQ(turn.text(), "It is #");
    turn.send_text(" it went 4");
    turn.send_text(", I think");
    turn.end();

    EXPECT_EQ(turn.text(), "It is #, I think");
}

TEST_F(RedactTest, AMatchThatGrowsBeyondTheLimitIsTakenOutAsOne) {
    create_with("sk-[0-9a-z]{6,}", 16);
    std::string token = "sk-";
    for (int i = 0; i < 90; ++i) token += "a1b2c";

    for (const size_t size : {1u, 7u, 16u, 17u, 100u, 500u}) {
        const auto text = "The key " + token + "! Also sk-123456789 and sk-1.";
        std::vector<std::string> pieces;
        for (size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
        EXPECT_EQ(shown(pieces), "The key #! Also # and sk-1.") << size;
    }
}

TEST_F(RedactTest, WhatFollowsAMatchBeyondTheLimitIsLookedAtAnew) {
    create_with("[0-9]+( or [0-9]+)*", 16);
    const std::string many(50, '7');

    EXPECT_EQ(shown({many, " or ", many, " o", "r so ", many, " or"}), "# or so # or");
}

// Its last digit may have been on its way.

TEST_F(RedactTest, OfAnAnswerThatIsCutNothingThatIsHeldIsShown) {
    create_with("\\b([0-9]{4} ?){4}\\b");

    for (const auto reason : {PATCHBAY_FINISH_CANCELLED, PATCHBAY_FINISH_ERROR}) {
        auto& partial = host.turn();
        partial.send_text("My card: 4111 1111 1111 111");
        partial.end(reason);
        EXPECT_EQ(partial.text(), "My card: ");

        auto& whole = host.turn();
        whole.send_text("My card: 4111 1111 1111 1111");
        whole.send_text("41", PATCHBAY_CHANNEL_REASONING);
        whole.end(reason);
        EXPECT_EQ(whole.text(), "My card: #");
        EXPECT_EQ(whole.text(PATCHBAY_CHANNEL_REASONING), "");
    }
    for (const auto reason : {PATCHBAY_FINISH_STOP, PATCHBAY_FINISH_LENGTH}) {
        auto& turn = host.turn();
        turn.send_text("My card: 4111 1111 1111 111");
        turn.end(reason);
        EXPECT_EQ(turn.text(), "My card: 4111 1111 1111 111");
    }
}

TEST_F(RedactTest, EachChannelIsATextOfItsOwn) {
    create_with("secret");
    auto& turn = host.turn();

    turn.send_text("sec", PATCHBAY_CHANNEL_REASONING);
    turn.send_text("no sec");
    turn.send_text("ret", PATCHBAY_CHANNEL_REASONING);
    turn.send_text("ret.");
    turn.end();

    EXPECT_EQ(turn.text(PATCHBAY_CHANNEL_REASONING), "#");
    EXPECT_EQ(turn.text(), "no #.");
}

TEST_F(RedactTest, OtherEventsPassInTheirOrder) {
    create_with("secret");
    auto& turn = host.turn();
    patchbay_event status = {};
    status.kind = PATCHBAY_EVENT_STATUS;
    status.text = {"busy", 4};
    patchbay_event call = {};
    call.kind = PATCHBAY_EVENT_TOOL_CALL;
    call.name = {"t", 1};
    call.text = {"{}", 2};

    turn.send_text("a sec");
    turn.send({status});
    turn.send_text("ret b sec");
    turn.send({call});
    turn.send_text("c");
    turn.end();

    std::string order;
    for (const auto& event : turn.shown())
        order += event.kind == PATCHBAY_EVENT_DELTA    ? event.text + "|"
                 : event.kind == PATCHBAY_EVENT_STATUS ? "<status>|"
                                                       : "<call>|";
    EXPECT_EQ(order, "a |<status>|# b |sec|<call>|c|");
}

TEST_F(RedactTest, RequestsAndAnswersCanBeLeftAlone) {
    ASSERT_TRUE(create(
        R"({"patterns":[{"pattern":"HELLO","ignore_case":true}],"requests":false,"answers":true})"));
    auto& turn = host.turn({.input_json = R"({"text":"Hello"})"});
    turn.send_text("Hello!");
    turn.end();
    EXPECT_EQ(turn.change().content_json, "");
    EXPECT_EQ(turn.change().input_json, "");
    EXPECT_EQ(turn.text(), "[redacted]!");

    patchbay::testing::FakeHost other;
    const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
    ASSERT_TRUE(other.create(**plugin, R"({"patterns":[{"pattern":"Hello"}],"answers":false})"));
    auto& untouched = other.turn();
    untouched.send_text("Hello");
    untouched.end();
    EXPECT_EQ(untouched.text(), "Hello");
    EXPECT_NE(untouched.change().content_json, "");
}

TEST_F(RedactTest, TimeGrowsWithTheTextAlone) {
    create_with("(a*)*b");  // what backtracks does not come back from this
    EXPECT_EQ(shown({std::string(20'000, 'a') + "c"}), "#c");
}

TEST_F(RedactTest, TimeGrowsWithTheTextAloneWhereItIsFullOfMatches) {
    // Either takes minutes where each match costs a look at all that follows it.
    create_with("x");
    const std::string most(60'000, 'x');
    EXPECT_EQ(shown({most}), std::string(60'000, '#'));
    auto& turn = host.turn(
        {.content_json = json{{{"type", "text"}, {"text", std::string(4'000'000, 'x')}}}.dump()});
    host.run_until([&] { return turn.decided(); });
    EXPECT_EQ(json::parse(turn.change().content_json)[0]["text"], std::string(4'000'000, '#'));
    turn.end();

    patchbay::testing::FakeHost other;
    const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
    ASSERT_TRUE(other.create(
        **plugin,
        R"({"patterns":[{"pattern":"ab","replacement":"#"},{"pattern":"ab.*c"}],"hold":4096})"));
    std::string text;
    while (text.size() < 400'000) text += "ab";
    auto& shorter = other.turn({.content_json = json{{{"type", "text"}, {"text", text}}}.dump()});
    other.run_until([&] { return shorter.decided(); });
    EXPECT_EQ(json::parse(shorter.change().content_json)[0]["text"], std::string(200'000, '#'));
    shorter.end();
    other.run();
}

TEST_F(RedactTest, LooksFarBehindAMatchForALongerOne) {
    patchbay::testing::FakeHost other;
    const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
    ASSERT_TRUE(other.create(
        **plugin, R"({"patterns":[{"pattern":"ab"},{"pattern":"ab.*c","replacement":"#"}]})"));
    auto& turn = other.turn();
    turn.send_text("no " + std::string("ab") + std::string(200, '-'));
    turn.send_text("c, ab");
    turn.end();
    EXPECT_EQ(turn.text(), "no #, [redacted]");
}

TEST_F(RedactTest, WhatGrowsBeyondAnEventGoesOnAsSeveral) {
    ASSERT_TRUE(create(R"({"patterns":[{"pattern":"x{1,4}","replacement":"<€€€€>"}],"hold":16})"));
    constexpr size_t event_limit = size_t{64} * 1024;
    auto& turn = host.turn();

    ASSERT_TRUE(turn.send_text(std::string(event_limit, 'x')));
    turn.end();

    std::string expected;
    for (size_t i = 0; i < event_limit / 4; ++i) expected += "<€€€€>";
    EXPECT_EQ(turn.text(), expected);
    for (const auto& event : turn.shown()) EXPECT_LE(event.text.size(), event_limit);
}

TEST_F(RedactTest, WhatGrowsBeyondAllBoundsFailsTheRunByName) {
    ASSERT_TRUE(create(
        json{{"patterns", {{{"pattern", "x"}, {"replacement", std::string(500, '#')}}}}}.dump()));
    auto& turn = host.turn();

    EXPECT_FALSE(turn.send_text(std::string(4000, 'x')));

    ASSERT_TRUE(turn.failed());
    EXPECT_EQ(turn.failed()->code, ErrorCode::limit);
}

TEST_F(RedactTest, APatternThatCannotBeOneIsRefusedWithItsPlace) {
    for (const auto* pattern : {"(",
                                ")",
                                "a)",
                                "[",
                                "[a",
                                "[b-a]",
                                "a{",
                                "a{2",
                                "a{3,2}",
                                "a{999}",
                                "*",
                                "+a",
                                "a|*",
                                "^a",
                                "a$",
                                "\\",
                                "\\1",
                                "(?=a)",
                                "(?i)a",
                                "a*",
                                "a?",
                                "",
                                "a|",
                                "()",
                                "\\b",
                                "[\\q]",
                                "[ä]",
                                "((a{256}){256}){256}",
                                "{2}",
                                "\\B",
                                "[ab]{5}(.{1,250}secret){2}.{1,250}"}) {
        patchbay::testing::FakeHost own;
        const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
        const auto made = own.create(
            **plugin, json{{"patterns", {{{"pattern", "ok"}}, {{"pattern", pattern}}}}}.dump());
        ASSERT_FALSE(made) << pattern;
        EXPECT_EQ(made.error().code, ErrorCode::bad_request) << pattern;
        EXPECT_TRUE(made.error().message.starts_with("patterns/1/pattern: ")) << pattern;
    }
}

}  // namespace
