#include <patchbay/json_text.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace patchbay {
namespace {

TEST(JsonTextTest, AMemberIsFoundAsItIsWritten) {
    const std::string object = R"( { "a" : 1, "b": {"a": [1, "}"]} , "c\n":null } )";

    EXPECT_EQ(json_member(object, "a"), "1");
    EXPECT_EQ(json_member(object, "b"), R"({"a": [1, "}"]})");
    EXPECT_EQ(json_member(object, "c\n"), "null");
    EXPECT_EQ(json_member(object, "d"), std::nullopt);
    EXPECT_EQ(json_member(json_member(object, "b"), "a"), R"([1, "}"])");
    EXPECT_EQ(json_member("[]", "a"), std::nullopt);
    EXPECT_EQ(json_member("{}", "a"), std::nullopt);
}

TEST(JsonTextTest, TheLastOfTwoMembersWithOneNameCounts) {
    EXPECT_EQ(json_member(R"({"a":1,"\u0061":2})", "a"), "2");
}

TEST(JsonTextTest, EscapesOfATextAreResolved) {
    EXPECT_EQ(json_text(R"("a\"\\\/\b\f\n\r\t")"), "a\"\\/\b\f\n\r\t");
    EXPECT_EQ(json_text(R"("\u00e9\u20AC\ud83d\ude00")"), "é€😀");
    EXPECT_EQ(json_text(R"("é€😀")"), "é€😀");
    EXPECT_EQ(json_text(R"("\ud83dx\ude00\ud83d")"), "\uFFFDx\uFFFD\uFFFD");
    EXPECT_EQ(json_text(R"("")"), "");
    EXPECT_EQ(json_text("1"), std::nullopt);
    EXPECT_EQ(json_text(std::nullopt), std::nullopt);
}

TEST(JsonTextTest, ElementsComeInTheirOrder) {
    using List = std::vector<std::string_view>;
    EXPECT_EQ(json_elements(R"([1, "a,b", [2, 3], {"x": 4}])"),
              (List{"1", "\"a,b\"", "[2, 3]", "{\"x\": 4}"}));
    EXPECT_EQ(json_elements(" [ ] "), List());
    EXPECT_EQ(json_elements("{}"), std::nullopt);
}

TEST(JsonTextTest, WhatIsNotJsonGivesNothing) {
    for (const auto* bad : {"",
                            "{",
                            "{\"a\"",
                            "{\"a\":",
                            "{\"a\":1",
                            "{\"a\":1,",
                            "{\"a\":1,}",
                            "{\"a\":1}x",
                            "{a:1}",
                            "{\"a\":01}",
                            "{\"a\":1.}",
                            "{\"a\":1e}",
                            "{\"a\":-}",
                            "{\"a\":tru}",
                            "{\"a\":\"\\x\"}",
                            "{\"a\":\"\\u12g4\"}",
                            "{\"a\":\"\n\"}",
                            "{\"a\":\"\\",
                            "{\"a\":[1,]}",
                            "{\"a\":[1}",
                            "{\"a\":1 \"b\":2}"})
        EXPECT_EQ(json_member(bad, "a"), std::nullopt) << bad;
    const std::string deep(200, '[');
    EXPECT_EQ(json_elements(deep + std::string(200, ']')), std::nullopt);
}

// Every cut and every changed byte of a document: what nlohmann refuses is refused, and nothing is
// read beyond the end (under AddressSanitizer).
TEST(JsonTextTest, AgreesWithAParserAboutWhatIsJson) {
    const std::string whole = R"({"a":[1,-2.5e+3,"x\u00e9\n"],"b":{"c":true},"d":null})";
    const auto compare = [](const std::string& text) {
        const auto parsed = nlohmann::json::parse(text, nullptr, false);
        const auto found = json_member(text, "a");
        if (parsed.is_discarded()) {
            EXPECT_EQ(found, std::nullopt) << text;
        } else if (parsed.is_object()) {
            ASSERT_EQ(found.has_value(), parsed.contains("a")) << text;
            if (found) {
                EXPECT_EQ(nlohmann::json::parse(*found), parsed["a"]) << text;
            }
        }
    };
    for (size_t i = 0; i < whole.size(); ++i) {
        compare(whole.substr(0, i));
        for (const char c : {'"', '\\', '{', '}', ',', '0', ' ', 'u'}) {
            auto changed = whole;
            changed[i] = c;
            compare(changed);
        }
    }
}

TEST(JsonTextTest, AQuotedTextReadsBack) {
    const std::string text("a\"\\\n\x01é😀\0b", 14);
    EXPECT_EQ(json_text(json_quoted(text)), text);
    EXPECT_EQ(nlohmann::json::parse(json_quoted(text)).get<std::string>(), text);
}

}  // namespace
}  // namespace patchbay
