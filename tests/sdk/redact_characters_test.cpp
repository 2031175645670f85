// What middleware/redact shows is text: never a part of a character, whatever it takes out.
#include "redact_fixture.hpp"

#include <random>

namespace {

constexpr size_t hold = 16;

bool is_valid_utf8(const std::string& text) {
    try {
        (void)json(text).dump();
        return true;
    } catch (const json::type_error&) {
        return false;
    }
}

class Chance {
public:
    explicit Chance(uint32_t seed) : numbers_(seed) {}

    size_t below(size_t end) { return numbers_() % end; }

    std::string one_of(const std::vector<std::string>& all) { return all[below(all.size())]; }

    // Characters whose first bytes are alike, so that what looks like a match ends within one.
    std::string character() { return one_of({"a", "b", "é", "è", "ê", "€", "₫", "한", "😀", "😁"}); }

    std::string characters(size_t most) {
        std::string text;
        for (size_t left = 1 + below(most); left > 0; --left) text += character();
        return text;
    }

    // The same one often: what goes on beyond what is held.
    std::string text() {
        std::string text;
        for (size_t left = 1 + below(6); left > 0; --left) {
            const auto repeated = characters(2);
            for (size_t times = below(30); times > 0; --times) text += repeated;
            text += characters(3);
        }
        return text;
    }

    std::string pattern() {
        std::string pattern = character();
        for (size_t left = 1 + below(3); left > 0; --left)
            pattern += one_of({character(), "(" + characters(2) + ")", ".", "[^a]", "[ab]"}) +
                       one_of({"", "+", "*", "?", "{2,9}"});
        return below(4) == 0 ? pattern + "|" + characters(4) : pattern;
    }

private:
    std::mt19937 numbers_;
};

// In pieces of whole characters, as events are.
std::vector<std::string> pieces_of(const std::string& text, Chance& chance) {
    std::vector<std::string> pieces = {""};
    for (const char byte : text) {
        const bool begins = (byte & 0xC0) != 0x80;
        if (begins && chance.below(3) == 0) pieces.emplace_back();
        pieces.back() += byte;
    }
    return pieces;
}

// One pattern in a host of its own.
class RedactOf {
public:
    explicit RedactOf(const std::string& pattern) {
        const auto plugin = patchbay::testing::load_plugin(REDACT_PLUGIN);
        const auto made = host_.create(
            **plugin,
            json{{"patterns", {{{"pattern", pattern}, {"replacement", "#"}}}}, {"hold", hold}}
                .dump());
        EXPECT_TRUE(made) << pattern << ": " << made.error().message;
    }
    ~RedactOf() {
        host_.shut_down();
        EXPECT_EQ(host_.faults(), std::vector<std::string>());
    }

    // What is shown of an answer, of which each event must be text.
    std::string shown(const std::vector<std::string>& pieces) {
        auto& turn = host_.turn();
        for (const auto& piece : pieces) (void)turn.send_text(piece);
        turn.end();
        host_.run();
        for (const auto& event : turn.shown()) EXPECT_TRUE(is_valid_utf8(event.text));
        return turn.text();
    }

    // Looked at as a request, where no limit holds.
    bool matches(const std::string& text) {
        auto& turn = host_.turn({.content_json = json{{{"type", "text"}, {"text", text}}}.dump()});
        host_.run_until([&] { return turn.decided(); });
        turn.end();
        return !turn.change().content_json.empty();
    }

private:
    patchbay::testing::FakeHost host_;
};

TEST_F(RedactTest, ACharacterInWhichAMatchEndsIsShownWhole) {
    create_with("a+é", hold);
    const std::string begun(hold, 'a');

    EXPECT_EQ(shown_anyhow(begun + "è and more"), "#è and more");
    EXPECT_EQ(shown_anyhow(begun + "aaaaè and more"), "#è and more");
    EXPECT_EQ(shown_anyhow(begun + "é and more"), "# and more");
}

TEST_F(RedactTest, TheLimitMayLieWithinACharacter) {
    create_with("b[^!]*!", hold);

    for (const std::string wide : {"é", "€", "😀"}) {
        for (size_t before = 0; before < 4; ++before) {
            std::string text = "b" + std::string(before, 'a');
            for (int i = 0; i < 20; ++i) text += wide;
            EXPECT_EQ(shown_anyhow(text + "!" + wide), "#" + wide);
            EXPECT_EQ(shown_anyhow(text), "#");
        }
    }
}

TEST_F(RedactTest, WhateverThePatternWhatIsShownIsTextAndNoMatch) {
    Chance chance(20'240'131);
    for (int round = 0; round < 300; ++round) {
        const auto pattern = chance.pattern();
        const auto text = chance.text();
        SCOPED_TRACE(pattern + " in " + text);
        RedactOf redact(pattern);

        const auto shown = redact.shown(pieces_of(text, chance));

        ASSERT_TRUE(is_valid_utf8(shown));
        for (size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
            end = shown.find('#', begin);
            ASSERT_FALSE(redact.matches(shown.substr(begin, end - begin))) << shown;
        }
    }
}

}  // namespace
