#include "runtime/plugins/json_schema.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

bool fits(const Json& schema, const Json& value) {
    const auto parsed = JsonSchema::parse(schema);
    if (!parsed) {
        ADD_FAILURE() << parsed.error().message;
        return false;
    }
    return (*parsed)->check(value).has_value();
}

std::string refusal(const Json& schema) {
    const auto parsed = JsonSchema::parse(schema);
    return parsed ? "" : parsed.error().message;
}

TEST(JsonSchema, MatchesALongTextAgainstAPatternWithoutGrowingTheStack) {
    const Json schema{{"type", "string"}, {"pattern", "^[a-z!]+$"}};
    EXPECT_TRUE(fits(schema, std::string(4'000'000, 'a')));
    EXPECT_FALSE(fits(schema, std::string(4'000'000, 'a') + "0"));
}

TEST(JsonSchema, MatchesWithoutBacktracking) {
    EXPECT_FALSE(fits({{"pattern", "^(a+)+$"}}, std::string(10'000, 'a') + "b"));
    const Json names{{"patternProperties", {{"^(a+)+$", {{"type", "integer"}}}}}};
    EXPECT_TRUE(fits(names, {{std::string(10'000, 'a') + "b", "any"}}));
    EXPECT_FALSE(fits(names, {{std::string(10'000, 'a'), "any"}}));
}

TEST(JsonSchema, ReadsDatesAndTimesOfAnyLength) {
    const Json date{{"format", "date"}};
    EXPECT_TRUE(fits(date, "2026-02-28"));
    EXPECT_FALSE(fits(date, "2026-02-30"));
    EXPECT_FALSE(fits(date, std::string(1'000'000, '1')));
    EXPECT_FALSE(fits({{"format", "time"}}, "12:00:00." + std::string(1'000'000, '1')));
    EXPECT_TRUE(fits({{"format", "date-time"}}, "2026-02-28T12:00:00Z"));
}

TEST(JsonSchema, FindsAPatternAnywhereInTheTextUnlessItIsAnchored) {
    EXPECT_TRUE(fits({{"pattern", "b\\d"}}, "ab1c"));
    EXPECT_FALSE(fits({{"pattern", "^b\\d"}}, "ab1c"));
}

TEST(JsonSchema, CountsCharactersAndReadsTheirEscapes) {
    EXPECT_TRUE(fits({{"pattern", "^.{3}$"}}, "äöü"));
    EXPECT_TRUE(fits({{"pattern", "^\\u00e4\\/\\\\u$"}}, "ä/\\u"));
}

TEST(JsonSchema, RefusesAPatternThatOnlyBacktrackingCanMatchAndNamesIt) {
    const Json schema{{"properties", {{"name", {{"pattern", "^(?!root)"}}}}}};
    EXPECT_NE(refusal(schema).find("'^(?!root)'"), std::string::npos) << refusal(schema);
    EXPECT_NE(refusal({{"patternProperties", {{"(a)\\1", {{"type", "integer"}}}}}}), "");
    EXPECT_NE(refusal({{"anyOf", {{{"pattern", "("}}}}}), "");
    EXPECT_NE(refusal({{"pattern", "((a{1,1000}){1,1000})"}}), "");
}

TEST(JsonSchema, TakesAPropertyThatIsCalledPatternAndAnyValueThatItQuotes) {
    EXPECT_EQ(refusal({{"properties", {{"pattern", {{"type", "string"}}}}}}), "");
    EXPECT_EQ(refusal({{"default", {{"pattern", "(?=a)"}}}}), "");
}

std::string complaint(const Json& schema, const Json& value) {
    const auto parsed = JsonSchema::parse(schema);
    const auto checked = (*parsed)->check(value);
    return checked ? "" : checked.error().message;
}

TEST(JsonSchema, SaysWhereAValueDoesNotFitAndWhatItMustBe) {
    const Json names{{"items", {{"type", {"string", "null"}}}}};
    const Json schema{{"properties", {{"words", {{"type", "integer"}}}, {"names", names}}},
                      {"required", {"key"}}};

    EXPECT_EQ(complaint(schema, {{"words", "x"}, {"names", {"a", 1}}}),
              "/names/1: must be of type string or null; /words: must be of type integer; "
              "(the whole): Missing required property 'key'");
}

TEST(JsonSchema, NamesNoTypeWhereMoreThanOneSchemaSpeaksOfAValue) {
    const Json text{{"type", "string"}};
    const Json number{{"type", "integer"}};
    const auto said = "Value type not permitted by 'type' constraint";
    const Json a_text{{"properties", {{"a", text}}}};

    auto also_a_number = a_text;
    also_a_number["allOf"] = {{{"properties", {{"a", number}}}}};
    EXPECT_NE(complaint(also_a_number, {{"a", "t"}}).find(said), std::string::npos);

    const Json by_pattern{{"patternProperties", {{"^n_", number}}}, {"additionalProperties", text}};
    EXPECT_NE(complaint(by_pattern, {{"n_x", "a"}}).find(said), std::string::npos);

    const Json any_within{{"properties", {{"a", true}}},
                          {"allOf", {{{"properties", {{"a", a_text}}}}}}};
    EXPECT_NE(complaint(any_within, {{"a", {{"a", 1}}}}).find(said), std::string::npos);
}

TEST(JsonSchema, SaysThatNoneOfSeveralFitsAlsoWhereSomethingInsideIsWrong) {
    const Json schema{{"properties", {{"a", {{"type", "integer"}}}}},
                      {"anyOf", {{{"required", {"x"}}}, {{"required", {"y"}}}}}};

    EXPECT_NE(complaint(schema, {{"a", "t"}}).find("anyOf"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::plugins
