#include "runtime/config/layers.hpp"

#include "tests/runtime/config/config_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

Layers layers_of(const std::string& plugins) {
    return {.file = Json{{"plugins", Json::parse(plugins)}}, .source = "patchbay.json"};
}

PluginChange change(const char* config, bool persist = false) {
    return {.name = "demo", .values = {.config = Json::parse(config)}, .persist = persist};
}

Layers changed(const Layers& layers, const PluginChange& change) {
    auto result = with_change(layers, change);
    EXPECT_TRUE(result) << sentences(result.error());
    return result.value_or(layers);
}

Json config_of(const Layers& layers) { return document_of(layers)["plugins"]["demo"]["config"]; }

// What is wrong with overrides.json.
std::string complaints_of(const char* text) {
    const auto overrides = parse_overrides(text);
    return overrides ? "" : sentences(overrides.error());
}

TEST(LayersTest, AFileImpliesTheAgentThatItNamesNoOtherFor) {
    const auto agents_of = [](const char* file) {
        std::string names;
        const auto document = document_of({.file = Json::parse(file)});
        for (const auto& [name, entry] : document.at("plugins").items())
            names += name + "=" + entry.value("library", "") + " ";
        return names;
    };

    EXPECT_EQ(agents_of(R"({"plugins": {}})"), "chat=patchbay_agent_chat ");
    EXPECT_EQ(agents_of(R"({"plugins": {"chat": {"library": "mine"}}})"), "chat=mine ");
    EXPECT_EQ(agents_of(R"({"agents": {"default": "chat"}, "plugins": {}})"),
              "chat=patchbay_agent_chat ");
    EXPECT_EQ(agents_of(R"({"agents": {"default": "x"}, "plugins": {"x": {"library": "y"}}})"),
              "x=y ");
    for (const auto* const mistake :
         {"{}", R"({"plugins": 3})", R"({"plugins": {"chat": 3}})", "[]"})
        EXPECT_EQ(document_of({.file = Json::parse(mistake)}), Json::parse(mistake));
}

TEST(LayersTest, ChangeStandsInFrontOfWhatPersistsAndThatInFrontOfTheFile) {
    auto layers = layers_of(R"({"demo": {"library": "d", "config": {"a": 1, "b": 1, "c": 1}}})");

    layers = changed(layers, change(R"({"b": 2, "c": 2})", true));
    layers = changed(layers, change(R"({"c": 3})"));

    EXPECT_EQ(config_of(layers), Json::parse(R"({"a": 1, "b": 2, "c": 3})"));
}

TEST(LayersTest, PersistedChangeTakesThePlaceOfThePassingOne) {
    auto layers = layers_of(R"({"demo": {"library": "d"}})");

    layers = changed(layers, change(R"({"a": 1, "b": 1})"));
    layers = changed(layers, change(R"({"a": 2})", true));

    EXPECT_EQ(config_of(layers), Json::parse(R"({"a": 2, "b": 1})"));
    EXPECT_EQ(layers.passing.at("demo").config, Json::parse(R"({"b": 1})"));
}

TEST(LayersTest, SettingIsReplacedAsAWholeAndTakenOutByNull) {
    auto layers = layers_of(R"({"demo": {"library": "d", "config": {"a": {"x": 1}, "b": 1}}})");

    layers = changed(layers, change(R"({"a": {"y": 2}, "b": null})"));

    EXPECT_EQ(config_of(layers), Json::parse(R"({"a": {"y": 2}})"));
}

TEST(LayersTest, ForgottenOverridesAreGoneFromBothLayers) {
    auto layers = layers_of(R"({"demo": {"library": "d", "config": {"a": 1}}})");
    layers = changed(layers, change(R"({"a": 2})", true));
    layers = changed(layers, change(R"({"a": 3})"));

    layers = changed(layers, {.name = "demo", .forget = true});

    EXPECT_EQ(config_of(layers), Json::parse(R"({"a": 1})"));
    EXPECT_TRUE(layers.persisted.empty() && layers.passing.empty());
}

TEST(LayersTest, OverridesDoNotHitAnotherLibraryThatTookTheName) {
    auto layers = layers_of(R"({"demo": {"library": "d", "config": {"a": 1}}})");
    layers = changed(layers, change(R"({"a": 2})", true));
    const auto with_library = [&](const char* library) {
        auto other = layers;
        other.file["plugins"]["demo"]["library"] = library;
        return other;
    };

    EXPECT_EQ(config_of(with_library("/opt/2.0/d.so")), Json::parse(R"({"a": 2})"));
    EXPECT_TRUE(override_warnings(with_library("/opt/2.0/d.so")).empty());

    const auto other = with_library("other");
    EXPECT_EQ(config_of(other), Json::parse(R"({"a": 1})"));
    EXPECT_EQ(settings_of(other, "demo", nullptr)["config"]["a"]["origin"], "file");
    ASSERT_EQ(override_warnings(other).size(), 1u);
    EXPECT_EQ(override_warnings(other)[0],
              "overrides.json changes the plugin \"demo\" of the library d, and the config has "
              "another library there: left out.");

    const auto anew = changed(other, change(R"({"b": 3})", true)).persisted.at("demo");
    EXPECT_EQ(anew.library, "other");
    EXPECT_EQ(anew.config, Json::parse(R"({"b": 3})"));
}

TEST(LayersTest, RequiredInstanceIsSwitchedOffByTheFileAlone) {
    const auto complaints_with = [](const char* member, Layers layers) {
        layers.file = Json::parse(valid_with(""));
        layers.file["plugins"]["demo"].update(Json::parse(member));
        const auto config = load_from(layers, {.environment = environment_of({})});
        return config ? "" : sentences(config.error());
    };
    const Layers by_api{.passing = {{"demo", {.enabled = false}}}};
    const Layers by_overrides{.persisted = {{"demo", {.enabled = false}}}};
    const auto* const required = R"({"required": true})";

    EXPECT_NE(complaints_with(required, by_api)
                  .find("/plugins/demo/enabled: found false, by the API, expected true: the plugin "
                        "is required."),
              std::string::npos);
    EXPECT_NE(complaints_with(required, by_overrides).find("by overrides.json"), std::string::npos);
    EXPECT_EQ(complaints_with(required, {.persisted = {{"demo", {.enabled = false}}},
                                         .passing = {{"demo", {.enabled = true}}}}),
              "");
    EXPECT_EQ(complaints_with(R"({"required": true, "enabled": false})", {}).find("required"),
              std::string::npos);
}

TEST(LayersTest, ReferenceFromTheApiIsRefusedAndAnEscapedOneIsText) {
    const auto layers = layers_of(R"({"demo": {"library": "d"}})");

    const auto refused = with_change(layers, change(R"({"a": [{"b": "x ${file:/etc/passwd}"}]})"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().at(0).pointer, "/plugins/demo/config/a/0/b");
    EXPECT_TRUE(with_change(layers, change(R"({"a": "$${HOME}"})")));
}

TEST(LayersTest, OverridesSurviveTheirFile) {
    Overrides overrides;
    overrides["demo"] = {
        .library = "d", .enabled = false, .config = Json::parse(R"({"a": [1, null], "b": null})")};
    overrides["empty"] = {};

    const auto read = parse_overrides(text_of(overrides));

    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), 1u);
    EXPECT_EQ(read->at("demo").library, "d");
    EXPECT_EQ(read->at("demo").enabled, false);
    EXPECT_EQ(read->at("demo").config, overrides["demo"].config);
}

TEST(LayersTest, BrokenOverridesAreNamedByTheirPointers) {
    EXPECT_EQ(complaints_of(R"({"plugins": {"a/b": {"enabled": "yes", "config": 1}}, "x": 1})"),
              "/x: found an unknown key, expected \"plugins\".\n"
              "/plugins/a~1b/enabled: found a text, expected true or false.\n"
              "/plugins/a~1b/config: found a number, expected an object.\n");
    EXPECT_NE(complaints_of(R"({"plugins": {"a": {"confg": {}}}})").find("did you mean"),
              std::string::npos);
    EXPECT_NE(complaints_of("{").find("line 1"), std::string::npos);
    EXPECT_NE(complaints_of(R"({"plugins": {"a": {}, "a": {}}})").find("twice"), std::string::npos);
    EXPECT_EQ(complaints_of("{}"), "");
}

TEST(LayersTest, OverridesFileIsReadWithTheConfigAndItsMistakesNameIt) {
    const TemporaryFolder folder;
    const auto file = folder.write("patchbay.json", valid_with(""));
    const auto path = folder.write(
        "overrides.json",
        R"({"plugins": {"demo": {"config": {"a": 1}}, "ghost": {}, "old": {"enabled": false}}})");
    const LoadOptions options{.file = file,
                              .data_dir = std::filesystem::path(path).parent_path(),
                              .environment = environment_of({})};

    const auto config = load(options);
    folder.write("overrides.json", "[]");
    const auto broken = load(options);

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->plugins[0].config_json, R"({"a":1})");
    EXPECT_EQ(warnings(*config),
              (std::vector<std::string>{
                  "overrides.json changes the plugin \"ghost\", which the config does not have.",
                  "overrides.json changes the plugin \"old\", which the config does not have."}));
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().at(0).found, "a list in " + path);
}

TEST(LayersTest, SecretsAreHiddenWhereverTheSchemaPutsThem) {
    const auto layers = layers_of(R"({"demo": {"library": "d", "config": {
        "plain": "seen", "refers": "a ${KEY}", "escaped": "$${KEY}", "marked": "no", "word": "no",
        "unknown": "no", "number": 7,
        "keys": [{"key": "no", "name": "seen"}], "chosen": {"token": "no"}, "by_name": {"x": "no"},
        "referred": "no"}}})");
    const auto schema = Json::parse(R"({"properties": {
        "plain": {"type": "string"}, "refers": {"type": "string"}, "escaped": {"type": "string"},
        "marked": {"type": "string", "writeOnly": true}, "word": {"format": "password"},
        "keys": {"items": {"properties": {"key": {"writeOnly": true}, "name": {}}}},
        "chosen": {"oneOf": [{"properties": {"id": {}}},
                             {"properties": {"token": {"writeOnly": true}}}]},
        "by_name": {"additionalProperties": {"writeOnly": true}},
        "referred": {"$ref": "#/definitions/secret"}},
        "definitions": {"secret": {"writeOnly": true}}})");

    const auto shown = settings_of(layers, "demo", schema)["config"];

    for (const char* key : {"refers", "marked", "word", "unknown", "referred"})
        EXPECT_EQ(shown[key]["value"], hidden_text) << key;
    EXPECT_EQ(shown["plain"]["value"], "seen");
    EXPECT_EQ(shown["escaped"]["value"], "$${KEY}");
    EXPECT_EQ(shown["number"]["value"], 7);
    EXPECT_EQ(shown["keys"]["value"], Json::parse(R"([{"key": "********", "name": "seen"}])"));
    EXPECT_EQ(shown["chosen"]["value"]["token"], hidden_text);
    EXPECT_EQ(shown["by_name"]["value"]["x"], hidden_text);
}

TEST(LayersTest, WithoutASchemaNoTextIsShown) {
    const auto layers =
        layers_of(R"({"demo": {"library": "d", "config": {"a": "no", "b": ["no"], "c": 1}}})");

    const auto shown = settings_of(layers, "demo", nullptr);

    EXPECT_EQ(shown["config"]["a"]["value"], hidden_text);
    EXPECT_EQ(shown["config"]["b"]["value"], Json::parse(R"(["********"])"));
    EXPECT_EQ(shown["config"]["c"]["value"], 1);
    EXPECT_EQ(shown["library"]["value"], "d");
}

TEST(LayersTest, SchemaThatRefersToItselfEnds) {
    const auto layers = layers_of(R"({"demo": {"library": "d", "config": {"a": {"a": "x"}}}})");
    const auto schema =
        Json::parse(R"({"allOf": [{"$ref": "#/allOf/0"}, {"$ref": "#"}], "$ref": "#/nowhere"})");

    EXPECT_EQ(settings_of(layers, "demo", schema)["config"]["a"]["value"]["a"], hidden_text);
}

TEST(LayersTest, WhatAnInstanceMayDoHasItsOriginToo) {
    const auto layers = layers_of(
        R"({"demo": {"library": "d", "tools": ["a", "${TOOL}"], "applies_to": {"agents": ["x"]}}})");

    const auto shown = settings_of(layers, "demo", nullptr);

    EXPECT_EQ(shown["tools"], Json::parse(R"({"value": ["a", "********"], "origin": "file"})"));
    EXPECT_EQ(shown["applies_to"],
              Json::parse(R"({"value": {"agents": ["x"]}, "origin": "file"})"));
    EXPECT_EQ(shown["approval"], Json::parse(R"({"value": null, "origin": "default"})"));
}

TEST(LayersTest, EachOriginIsNamed) {
    auto layers = layers_of(R"({"demo": {"library": "d", "config": {"a": 1}}})");
    layers = changed(layers, change(R"({"b": 2})", true));
    layers = changed(layers, change(R"({"c": null})"));
    const auto schema =
        Json::parse(R"({"properties": {"c": {"default": 3}, "d": {"default": 4}}})");

    const auto shown = settings_of(layers, "demo", schema);

    const auto is = [&](const char* key, int value, const char* origin) {
        return shown["config"][key] == Json{{"value", value}, {"origin", origin}};
    };
    EXPECT_TRUE(is("a", 1, "file") && is("b", 2, "overrides") && is("c", 3, "api"));
    EXPECT_TRUE(is("d", 4, "default"));
    EXPECT_EQ(shown["enabled"]["origin"], "default");
    EXPECT_EQ(shown["library"]["origin"], "file");
}

}  // namespace
}  // namespace patchbay::config
