// middleware/redact in the fake host: for redact_test.cpp and redact_requests_test.cpp.
#pragma once

#include "plugin_under_test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::testing::FakeTurn;

class RedactTest : public PluginUnderTest {
protected:
    RedactTest() : PluginUnderTest(REDACT_PLUGIN) {}

    void create_with(const std::string& pattern, int hold = 64) {
        const auto made = create(json{
            {"patterns", {{{"pattern", pattern}, {"replacement", "#"}}}},
            {"hold", hold}}.dump());
        ASSERT_TRUE(made) << pattern << ": " << made.error().message;
    }

    // What is shown of `text` when it comes in these pieces.
    std::string shown(const std::vector<std::string>& pieces) {
        auto& turn = host.turn();
        for (const auto& piece : pieces) EXPECT_TRUE(turn.send_text(piece));
        turn.end();
        host.run();
        return turn.text();
    }

    // The same however it is cut in two, and when it comes character by character.
    std::string shown_anyhow(const std::string& text) {
        const auto whole = shown({text});
        std::vector<std::string> characters;
        for (size_t i = 0; i < text.size(); ++i) {
            if ((text[i] & 0xC0) == 0x80) {
                characters.back() += text[i];
                continue;
            }
            characters.emplace_back(1, text[i]);
            if (i > 0) {
                EXPECT_EQ(shown({text.substr(0, i), text.substr(i)}), whole) << "cut at " << i;
            }
        }
        EXPECT_EQ(shown(characters), whole);
        return whole;
    }
};
