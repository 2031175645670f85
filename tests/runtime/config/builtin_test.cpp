#include "runtime/config/schema.hpp"
#include "tests/runtime/config/config_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

Checked<Config> builtin(Variables variables) {
    return load({.search = {}, .environment = environment_of(std::move(variables))});
}

TEST(BuiltinTest, DemoAnswersWithoutAnyVariable) {
    const auto config = builtin({});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->source, "the built-in default");
    EXPECT_EQ(config->models.default_model, "demo/demo");
    EXPECT_TRUE(config->models.unknown_to_default);
    EXPECT_EQ(config->auth, std::vector<std::string>{"keys"});
    EXPECT_EQ(config->plugins.size(), 3u);
    EXPECT_TRUE(warnings(*config).empty());
}

TEST(BuiltinTest, VendorsKeyAddsItsProviderAsTheDefault) {
    const auto config = builtin({{"OPENAI_API_KEY", "sk-\"quoted\""}});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->models.default_model, "openai/gpt-5-mini");
    ASSERT_EQ(config->plugins.size(), 4u);
    const auto settings = Json::parse(config->plugins[2].config_json);
    EXPECT_EQ(settings.at("api_key"), "sk-\"quoted\"");
}

TEST(BuiltinTest, EmptyVendorsKeyCountsAsNone) {
    const auto config = builtin({{"OPENAI_API_KEY", ""}, {"INTERNAL_API_KEY", ""}});

    ASSERT_TRUE(config);
    EXPECT_EQ(config->models.default_model, "demo/demo");
    EXPECT_EQ(config->plugins[1].config_json, "{}");
}

TEST(BuiltinTest, InternalKeyBecomesAUsersKey) {
    const auto config = builtin({{"INTERNAL_API_KEY", "s3cret"}});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(Json::parse(config->plugins[1].config_json), Json::parse(R"({"static_keys":[
                  {"key":"s3cret","role":"user","owner":"user:internal"}]})"));
}

// Calls `visit` with every object schema that is inside of `node`.
void each_object_schema(const Json& node, const std::string& pointer,
                        const std::function<void(const Json&, const std::string&)>& visit) {
    if (node.is_object() && node.value("type", Json()) == "object") visit(node, pointer);
    if (!node.is_structured()) return;
    for (const auto& [key, member] : node.items()) {
        each_object_schema(member, step(pointer, key), visit);
    }
}

TEST(SchemaTest, NoObjectTakesUnknownKeysButAPluginsOwnConfig) {
    const auto schema = Json::parse(schema_text());

    each_object_schema(schema, "", [](const Json& node, const std::string& pointer) {
        if (pointer == "/definitions/plugin/properties/config") return;
        EXPECT_TRUE(node.contains("additionalProperties")) << pointer;
        EXPECT_NE(node.value("additionalProperties", Json()), true) << pointer;
    });
}

TEST(SchemaTest, DefaultsAreThoseOfTheCode) {
    const auto schema = Json::parse(schema_text());
    Json document = Json::parse(valid_with(""));
    for (const auto* section : {"server", "store", "runs", "billing"}) {
        for (const auto& [key, property] : schema["properties"][section]["properties"].items()) {
            if (key == "tls") continue;  // there or not: no default
            document[section][key] = property.at("default");
        }
    }

    const auto explicit_config = load_text(document.dump());
    const auto silent_config = load_text(valid_with(""));

    ASSERT_TRUE(explicit_config) << sentences(explicit_config.error());
    const auto& a = *explicit_config;
    const auto& b = *silent_config;
    EXPECT_EQ(a.server.listen, b.server.listen);
    EXPECT_FALSE(b.server.tls);
    EXPECT_EQ(std::tie(a.server.max_connections, a.server.head_bytes, a.server.head_timeout,
                       a.server.body_bytes, a.server.body_timeout, a.server.total_body_bytes,
                       a.server.heartbeat, a.server.stall_timeout, a.server.drain_timeout),
              std::tie(b.server.max_connections, b.server.head_bytes, b.server.head_timeout,
                       b.server.body_bytes, b.server.body_timeout, b.server.total_body_bytes,
                       b.server.heartbeat, b.server.stall_timeout, b.server.drain_timeout));
    EXPECT_EQ(std::tie(a.store.data_dir, a.store.power_loss, a.store.retention, a.store.max_bytes),
              std::tie(b.store.data_dir, b.store.power_loss, b.store.retention, b.store.max_bytes));
    EXPECT_EQ(std::tie(a.runs.on_conflict, a.runs.queue_limit, a.runs.grace, a.runs.on_crash,
                       a.runs.timeout, a.billing.points_per_1000_tokens),
              std::tie(b.runs.on_conflict, b.runs.queue_limit, b.runs.grace, b.runs.on_crash,
                       b.runs.timeout, b.billing.points_per_1000_tokens));
}

}  // namespace
}  // namespace patchbay::config
