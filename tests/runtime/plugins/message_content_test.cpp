#include "runtime/plugins/message_content.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::plugins {
namespace {

using nlohmann::json;

TEST(MessageContentTest, PartsThatAreNoneAreNoContent) {
    for (const auto* odd :
         {"5", "\"hello\"", "{}", "[5]", "[\"hello\"]", "[[]]", "[null]", "[{}]",
          R"([{"type": 5}])", R"([{"type": "text"}])", R"([{"type": "text", "text": 7}])",
          R"([{"type": "tool_call", "id": 5}])", R"([{"type": "tool_result"}])"})
        EXPECT_FALSE(is_message_content(json::parse(odd))) << odd;
}

TEST(MessageContentTest, PartsOfUnknownTypesAreForThoseWhoKnowThem) {
    for (const auto* good :
         {"[]", R"([{"type": "text", "text": ""}, {"type": "image", "url": "https://a.b/c"}])",
          R"([{"type": "tool_call", "id": "a"}, {"type": "tool_result", "id": "a"}])",
          R"([{"type": "of tomorrow"}])"})
        EXPECT_TRUE(is_message_content(json::parse(good))) << good;
}

TEST(MessageContentTest, TheTextOfWhatHasNoneIsEmpty) {
    EXPECT_EQ(text_at(json::parse(R"({"a": "b"})"), "a"), "b");
    for (const auto* odd : {"5", "[]", "{}", R"({"a": 7})", R"({"a": {}})"})
        EXPECT_EQ(text_at(json::parse(odd), "a"), "") << odd;
}

}  // namespace
}  // namespace patchbay::plugins
