#include "runtime/http/json_input.hpp"

#include <gtest/gtest.h>

namespace patchbay::http {
namespace {

std::string nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonInputTest, SixtyFourLevelsAreReadAndMoreAreRefused) {
    EXPECT_TRUE(parse_json(nested(64)));
    EXPECT_FALSE(parse_json(nested(65)));
    EXPECT_FALSE(parse_json(nested(100000)));
}

TEST(JsonInputTest, InvalidUtf8IsRefused) {
    EXPECT_FALSE(parse_json("{\"a\": \"\xFF\"}"));
    EXPECT_FALSE(is_utf8("\xC3"));
    EXPECT_TRUE(is_utf8("é"));
}

TEST(FieldsTest, NullMeansAbsent) {
    auto fields = Fields::of(R"({"message": null, "n": null})", true);

    EXPECT_FALSE(fields->text("message").has_value());
    EXPECT_FALSE(fields->number("n", 1, 5).has_value());
    EXPECT_FALSE(fields->error().has_value());
}

TEST(FieldsTest, AWrongTypeIsAnErrorThatNamesTheField) {
    for (const auto* body :
         {R"({"n": "5"})", R"({"n": -1})", R"({"n": 1.5})", R"({"n": 6})", R"({"n": true})"}) {
        auto fields = Fields::of(body, true);
        (void)fields->number("n", 1, 5);

        const auto error = fields->error();
        ASSERT_TRUE(error.has_value()) << body;
        EXPECT_EQ(error->code, ErrorCode::bad_request);
        EXPECT_TRUE(error->message.starts_with("n: ")) << error->message;
    }
}

TEST(FieldsTest, StrictObjectsRefuseWhatNobodyReads) {
    auto strict = Fields::of(R"({"extra": 1})", true);
    auto lenient = Fields::of(R"({"extra": 1})", false);

    EXPECT_TRUE(strict->error().has_value());
    EXPECT_FALSE(lenient->error().has_value());
}

TEST(FieldsTest, ABodyThatIsNoObjectIsRefused) {
    for (const auto* body : {"", "[]", "5", "\"text\"", "{", "{}x"}) {
        EXPECT_FALSE(Fields::of(body, false)) << body;
    }
}

TEST(ContentPartsTest, TextsImagesAndFilesAreParts) {
    auto fields = Fields(nlohmann::json::object(), false);
    const auto parts = nlohmann::json::parse(
        R"([{"type": "text", "text": "what is this?"}, {"type": "image", "url": "https://x/y.png"}])");

    EXPECT_EQ(content_parts(parts, fields), parts);
    EXPECT_FALSE(fields.error().has_value());
}

TEST(ContentPartsTest, OtherPartsAreRefusedByTheirPlace) {
    for (const auto* part :
         {R"([{"type": "text"}])", R"([{"type": "image", "url": "file:///etc"}])", R"([5])",
          R"([])", R"([{"type": "tool_result", "id": "x"}])"}) {
        auto fields = Fields(nlohmann::json::object(), false);
        (void)content_parts(nlohmann::json::parse(part), fields);

        EXPECT_TRUE(fields.error().has_value()) << part;
    }
}

}  // namespace
}  // namespace patchbay::http
