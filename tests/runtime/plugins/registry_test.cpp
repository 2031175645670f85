#include "runtime/plugins/registry.hpp"

#include "runtime/plugins/about.hpp"
#include "runtime/plugins/models.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

constexpr auto good_config = R"({"base_url": "http://localhost"})";

InstanceSpec spec(const std::string& library, const std::string& config = "{}") {
    return {.name = "it", .library = library, .config_json = config};
}

// Why an instance of this library is off; "" = it is on.
std::string reason_of(const InstanceSpec& spec) {
    Registry registry({FIXTURE_FOLDER}, {.version = "0.0.0"});
    EXPECT_TRUE(registry.load({spec}));
    EXPECT_EQ(registry.list().size(), 1u);
    const auto status = registry.list().at(0);
    EXPECT_EQ(status.state == InstanceState::on, status.reason.empty());
    EXPECT_EQ(registry.find("it") != nullptr, status.reason.empty());
    return status.reason;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(RegistryTest, GoodInstanceIsOnWithItsModels) {
    Registry registry({FIXTURE_FOLDER}, {.version = "0.0.0"});

    ASSERT_TRUE(registry.load({spec("fixture_echo", good_config)}));

    const auto status = registry.list().at(0);
    EXPECT_EQ(status.state, InstanceState::on) << status.reason;
    EXPECT_EQ(status.id, "org.example.echo");
    EXPECT_EQ(status.version, "1.2.3");
    EXPECT_EQ(status.interfaces, std::vector<std::string>{PATCHBAY_PROVIDER_1});
    EXPECT_EQ(status.path, std::string(FIXTURE_FOLDER) + "/fixture_echo.so");
    ASSERT_EQ(status.models.size(), 2u);
    EXPECT_EQ(status.models[0].id, "echo-1");
    EXPECT_EQ(status.models[0].context_window, 8000u);
    EXPECT_TRUE(status.models[0].prefill);
    EXPECT_EQ(status.models[0].input_price, 150000);
    EXPECT_EQ(status.models[1].output_price, std::nullopt);
    ASSERT_EQ(registry.instances().on.size(), 1u);
    EXPECT_EQ(name_of(*registry.instances().on[0]), "it");
    EXPECT_TRUE(is_provider(*registry.find("it")));
    EXPECT_EQ(models_of(*registry.find("it")).size(), 2u);
}

TEST(RegistryTest, ManyInstancesOfOneLibraryLiveSideBySide) {
    Registry registry({FIXTURE_FOLDER}, {.version = "0.0.0"});
    auto first = spec("fixture_echo", good_config);
    auto second = first;
    second.name = "other";

    ASSERT_TRUE(registry.load({first, second}));

    EXPECT_NE(registry.find("it"), registry.find("other"));
    EXPECT_EQ(registry.instances().on.size(), 2u);
}

TEST(RegistryTest, EveryErrorOfConfigIsListedWithItsPointer) {
    const auto reason =
        reason_of(spec("fixture_echo", R"({"base_url": 7, "models": ["a", 1], "mdels": []})"));

    EXPECT_TRUE(contains(reason, "/base_url: ")) << reason;
    EXPECT_TRUE(contains(reason, "/models/1: ")) << reason;
    EXPECT_TRUE(contains(reason, "mdels")) << reason;
}

TEST(RegistryTest, ConfigThatIsNoObjectIsRefused) {
    EXPECT_TRUE(contains(reason_of(spec("fixture_echo", "[1]")), "no JSON object"));
    EXPECT_TRUE(contains(reason_of(spec("fixture_echo", "{")), "no JSON object"));
}

TEST(RegistryTest, PluginThatThrowsInCreateIsOffWithReason) {
    EXPECT_TRUE(contains(reason_of(spec("fixture_throws")), "create let a C++ exception out"));
}

TEST(RegistryTest, PluginThatRefusesSaysWhy) {
    EXPECT_EQ(reason_of(spec("fixture_refuses")), "the moon is in the wrong phase");
}

TEST(RegistryTest, PluginThatRefusesSilentlyIsReportedByItsCode) {
    EXPECT_EQ(reason_of(spec("fixture_refuses", R"({"silent": true})")),
              "it: create failed (unavailable) without saying why");
}

TEST(RegistryTest, BrokenPluginsAreOffWithReason) {
    EXPECT_TRUE(contains(reason_of(spec("fixture_null_slot")), "has a NULL cancel"));
    EXPECT_TRUE(contains(reason_of(spec("fixture_nothing_offered")), "only patchbay.agent/9"));
    EXPECT_TRUE(contains(reason_of(spec("fixture_bad_about")), "about_json is no JSON object"));
    EXPECT_TRUE(
        contains(reason_of(spec("fixture_bad_models")), "models(): /1/context_window is no count"));
    EXPECT_TRUE(contains(reason_of(spec("fixture_newer_abi")), "ABI 7"));
    EXPECT_TRUE(contains(reason_of(spec("fixture_nowhere")), "no fixture_nowhere.so in"));
}

TEST(RegistryTest, RequiredInstanceThatIsOffIsAnError) {
    Registry registry({FIXTURE_FOLDER}, {.version = "0.0.0"});
    auto required = spec("fixture_refuses");
    required.required = true;

    const auto loaded = registry.load({required});

    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message,
              "plugin it is required, but off: the moon is in the wrong phase");
}

TEST(RegistryTest, DisabledInstanceIsListedAndNotLoaded) {
    auto disabled = spec("fixture_throws");
    disabled.enabled = false;

    EXPECT_EQ(reason_of(disabled), "disabled");
}

TEST(RegistryTest, DestroyTurnsInstancesOffAndCallsThePluginOnce) {
    Script script;
    auto instance = make_instance(script);

    instance->destroy();
    instance->destroy();
    instance.reset();

    EXPECT_EQ(script.journal.lines(), std::vector<std::string>{"destroy"});
}

TEST(RegistryTest, DestroyedRegistryFindsNothing) {
    Registry registry({FIXTURE_FOLDER}, {.version = "0.0.0"});
    ASSERT_TRUE(registry.load({spec("fixture_echo", good_config)}));

    registry.destroy();

    EXPECT_EQ(registry.find("it"), nullptr);
    EXPECT_EQ(registry.list().at(0).state, InstanceState::off);
}

TEST(HostInterfacesTest, EveryPublishedIdIsServedAndNoOther) {
    Script script;
    const auto instance = make_instance(script);
    const auto ask = [&](std::string_view id) {
        return script.host->get_interface(script.host, text_of(id));
    };

    for (const auto* id : {PATCHBAY_STREAM_1, PATCHBAY_VERDICT_1, PATCHBAY_HTTP_1, PATCHBAY_TIMER_1,
                           PATCHBAY_LOG_1, PATCHBAY_SECRETS_1}) {
        EXPECT_NE(ask(id), nullptr) << id;
        EXPECT_EQ(ask(std::string(id) + "0"), nullptr) << id;
        EXPECT_EQ(ask(std::string(id) + '\0'), nullptr) << id;
    }
    EXPECT_EQ(ask(""), nullptr);
    EXPECT_EQ(ask("patchbay.stream/2"), nullptr);
    EXPECT_EQ(script.host->abi, PATCHBAY_ABI_MAJOR);
    EXPECT_EQ(script.host->draft, PATCHBAY_ABI_DRAFT);
    EXPECT_STREQ(script.host->version, "0.0.0");
}

TEST(AboutTest, SchemaThatIsNoneIsThePluginsFault) {
    const auto about = parse_about(R"({"config_schema": {"type": 7}})");
    ASSERT_TRUE(about);

    const auto checked = check_config(*about, "{}");

    ASSERT_FALSE(checked);
    EXPECT_TRUE(contains(checked.error().message, "config_schema"));
}

TEST(AboutTest, PointersAreEscaped) {
    const auto about =
        parse_about(R"({"config_schema": {"properties": {"a/b~c": {"type": "string"}}}})");
    ASSERT_TRUE(about);

    const auto checked = check_config(*about, R"({"a/b~c": 1})");

    ASSERT_FALSE(checked);
    EXPECT_TRUE(contains(checked.error().message, "/a~1b~0c: ")) << checked.error().message;
}

TEST(ModelsTest, WrongEntriesAreNamed) {
    EXPECT_TRUE(parse_models("[]")->empty());
    EXPECT_FALSE(parse_models("{}"));
    EXPECT_FALSE(parse_models(""));
    EXPECT_EQ(parse_models("[1]").error().message, "models(): /0 is no object");
    EXPECT_EQ(parse_models(R"([{"id": ""}])").error().message,
              "models(): /0/id is missing or no text");
    EXPECT_EQ(parse_models(R"([{"id": "a", "prefill": 1}])").error().message,
              "models(): /0/prefill is neither true nor false");
    EXPECT_EQ(parse_models(R"([{"id": "a", "input_price": -1}])").error().message,
              "models(): /0/input_price is no whole number of micro-dollars");
}

}  // namespace
}  // namespace patchbay::plugins
