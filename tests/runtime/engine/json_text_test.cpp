#include "runtime/engine/json_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

std::string json_of(std::string_view text, bool ascii_only) {
    std::string out;
    append_json_string(out, text, ascii_only);
    return out;
}

TEST(JsonTextTest, WhatIsWrittenReadsBackAsTheSameText) {
    const std::string text = "quote \" slash \\ line\n tab\t bell\x07 é 你好 🙂 end";

    for (const bool ascii_only : {false, true}) {
        EXPECT_EQ(nlohmann::json::parse(json_of(text, ascii_only)).get<std::string>(), text);
    }
}

TEST(JsonTextTest, AsciiOnlyTextHasNoByteBeyondAscii) {
    const auto out = json_of("é 你好 🙂", true);

    EXPECT_TRUE(std::ranges::all_of(out, [](char c) { return static_cast<uint8_t>(c) < 0x80; }));
    EXPECT_NE(out.find("\\ud83d\\ude42"), std::string::npos);
}

TEST(JsonTextTest, LineSeparatorsOfEveryKindAreEscaped) {
    EXPECT_EQ(json_of("\xE2\x80\xA8\xE2\x80\xA9\xC2\x85", false), "\"\\u2028\\u2029\\u0085\"");
}

TEST(JsonTextTest, BrokenUtf8BecomesTheReplacementCharacter) {
    EXPECT_EQ(json_of("a\xFFz", true), "\"a\\ufffdz\"");
    EXPECT_EQ(json_of("cut \xE4\xBD", true), "\"cut \\ufffd\\ufffd\"");
}

TEST(JsonTextTest, SecondsHaveThreeDecimals) {
    std::string out;

    append_seconds(out, 1234567890123);
    append_seconds(out, 5);

    EXPECT_EQ(out, "1234567890.1230.005");
}

}  // namespace
}  // namespace patchbay::engine
