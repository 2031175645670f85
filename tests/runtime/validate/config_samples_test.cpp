#include "runtime/validate/config_samples.hpp"

#include "runtime/plugins/about.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::validate {
namespace {

using Json = nlohmann::json;

TEST(ConfigSamplesTest, SampleFitsTheSchemaThatItIsMadeFrom) {
    const auto schema = Json::parse(R"({
        "type": "object", "additionalProperties": false,
        "required": ["url", "mode", "words", "names", "nested", "either", "known"],
        "properties": {
            "url": {"type": "string", "pattern": "^https?://[^/]+"},
            "mode": {"enum": ["fast", "slow"]},
            "words": {"type": "integer", "minimum": 5},
            "names": {"type": "array", "minItems": 2, "items": {"type": "string", "minLength": 4}},
            "nested": {"type": "object", "required": ["on"], "properties": {"on": {"type": "boolean"}}},
            "either": {"anyOf": [{"type": "null"}, {"type": "string"}]},
            "known": {"type": "string", "default": "as it is"},
            "optional": {"type": "string"}}})");

    const auto sample = sample_of(schema);

    plugins::About about;
    about.config_schema = schema;
    const auto fits = plugins::check_config(about, sample.dump());
    EXPECT_TRUE(fits) << fits.error().message << sample;
    EXPECT_EQ(sample["known"], "as it is");
    EXPECT_FALSE(sample.contains("optional"));
}

TEST(ConfigSamplesTest, ATextThatIsDescribedByAnAddressIsOne) {
    const auto schema =
        Json::parse(R"({"type": "string", "description": "such as \"https://example.org/page\""})");

    EXPECT_EQ(sample_of(schema), "https://upstream.test");
}

TEST(ConfigSamplesTest, EachMemberIsOnceOfEachWrongType) {
    const Json schema = {{"properties", {{"a", {{"type", "string"}}}, {"b", Json::object()}}}};

    const auto configs = with_wrong_types(schema, {{"a", "good"}});

    const auto has = [&](const char* name, const Json& value) {
        return std::ranges::any_of(configs, [&](const Json& config) {
            return config.contains(name) && config[name] == value;
        });
    };
    EXPECT_TRUE(has("a", true));
    EXPECT_TRUE(has("a", nullptr));
    EXPECT_TRUE(has("b", -1));
    EXPECT_TRUE(has("b", Json({{"a", 1}})));
}

TEST(ConfigSamplesTest, EachTextIsEmptyOnce) {
    const Json schema = {
        {"properties", {{"key", {{"type", "string"}}}, {"words", {{"type", "integer"}}}}}};

    const auto configs = with_empty_texts(schema, {{"other", "x"}});

    EXPECT_EQ(configs, (std::vector<Json>{{{"key", ""}, {"other", "x"}}, {{"other", ""}}}));
}

}  // namespace
}  // namespace patchbay::validate
