#include "tests/runtime/config/config_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

std::string plugin_config(const std::string& value) {
    return R"({"plugins": {"keys": {"library": "k", "config": {"secret": ")" + value +
           R"("}}}, "auth": ["keys"], "models": {"default": "any"}})";
}

std::string secret_of(const Checked<Config>& config) {
    if (!config) return sentences(config.error());
    return Json::parse(config->plugins.at(0).config_json).at("secret").get<std::string>();
}

TEST(ExpandTest, VariablesDefaultsAndLiteralsAreToldApart) {
    const Variables variables{{"USER_NAME", "ann"}, {"EMPTY", ""}};
    const auto read = [&](const std::string& text) {
        return secret_of(load_text(plugin_config(text), variables));
    };

    EXPECT_EQ(read("${USER_NAME}"), "ann");
    EXPECT_EQ(read("<${USER_NAME}|${USER_NAME}>"), "<ann|ann>");
    EXPECT_EQ(read("${EMPTY}"), "");
    EXPECT_EQ(read("${EMPTY:-full}"), "full");
    EXPECT_EQ(read("${UNSET:-}"), "");
    EXPECT_EQ(read("${UNSET:-a:-b}"), "a:-b");
    EXPECT_EQ(read("$${USER_NAME}"), "${USER_NAME}");
    EXPECT_EQ(read("$5 {and} $"), "$5 {and} $");
}

TEST(ExpandTest, ValueCannotBringInJson) {
    const std::string hostile = R"(", "admin": true, "x": "${UNSET})";

    const auto config = load_text(plugin_config("${HOSTILE}"), {{"HOSTILE", hostile}});

    EXPECT_EQ(secret_of(config), hostile);
}

TEST(ExpandTest, FileIsReadWithoutItsLastLineBreak) {
    const TemporaryFolder folder;
    const auto path = folder.write("secret", "from a file\n");

    EXPECT_EQ(secret_of(load_text(plugin_config("${file:" + path + "}"))), "from a file");
}

TEST(ExpandTest, UnsetVariableIsAnErrorWithItsPointer) {
    const auto text = complaints(plugin_config("${NOBODY_SET_THIS}"));

    EXPECT_NE(text.find("/plugins/keys/config/secret: found ${NOBODY_SET_THIS}, which is not set"),
              std::string::npos)
        << text;
}

TEST(ExpandTest, BadReferencesAreErrors) {
    EXPECT_NE(complaints(plugin_config("${file:/nonexistent/x}")), "");
    EXPECT_NE(complaints(plugin_config("${file:relative}")), "");
    EXPECT_NE(complaints(plugin_config("${not a name}")), "");
    EXPECT_NE(complaints(plugin_config("${1ST}")), "");
    EXPECT_NE(complaints(plugin_config("${}")), "");
    EXPECT_NE(complaints(plugin_config("${OPEN")), "");
}

TEST(ExpandTest, BytesThatAreNoTextAreAnErrorWithItsPointerAndAreNotShown) {
    const TemporaryFolder folder;
    const auto path = folder.write("secret", "key-\xff");
    const std::string problem =
        "/plugins/keys/config/secret: found a reference to bytes that are no text";

    const auto of_file = complaints(plugin_config("a ${file:" + path + "}"));
    const auto of_variable = complaints(plugin_config("${KEY}"), {{"KEY", "key-\xc3"}});

    EXPECT_EQ(of_file.find(problem), 0u) << of_file;
    EXPECT_EQ(of_variable.find(problem), 0u) << of_variable;
    EXPECT_EQ((of_file + of_variable).find("key-"), std::string::npos);
}

TEST(ExpandTest, PluginThatIsOffMaySpeakOfUnsetVariables) {
    const auto off = R"("plugin_path": []})";
    const std::string text = R"({"plugins": {"keys": {"library": "k"},
        "openai": {"library": "o", "enabled": false, "config": {"api_key": "${UNSET}"}}},
        "auth": ["keys"], "models": {"default": "any"}, )" +
                             std::string(off);

    EXPECT_EQ(complaints(text), "");
}

TEST(ExpandTest, VariableBecomesANumberOrBooleanWhereTheSchemaWantsOne) {
    const auto config = load_text(
        valid_with(R"("server": {"max_connections": "${MAX}", "head_bytes": "${HEAD:-2048}"})"),
        {{"MAX", "77"}});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->server.max_connections, 77u);
    EXPECT_EQ(config->server.head_bytes, 2048u);
}

TEST(ExpandTest, ExpandedValuesAreNotShownInErrors) {
    const auto text = complaints(
        valid_with(R"("server": {"max_connections": "${A}", "listen": ["${B}"]},
                      "store": {"durability": "${C}"}, "middleware": ["${D}"])"),
        {{"A", "sk-secret-a"}, {"B", "sk-secret-b"}, {"C", "sk-secret-c"}, {"D", "sk-secret-d"}});

    EXPECT_NE(text, "");
    EXPECT_EQ(text.find("sk-secret"), std::string::npos) << text;
}

}  // namespace
}  // namespace patchbay::config
