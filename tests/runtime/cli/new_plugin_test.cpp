#include "runtime/cli/new_plugin.hpp"
#include "runtime/cli/plugin_templates.hpp"
#include "tests/runtime/cli/captured_terminal.hpp"
#include "tests/runtime/cli/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <regex>

namespace patchbay::cli {
namespace {

namespace fs = std::filesystem;

std::string content_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

class NewPluginTest : public testing::Test {
protected:
    int make(const std::string& name, const std::string& kind = "provider",
             const std::string& language = "cpp") {
        captured.out.str("");
        captured.err.str("");
        return plugin_new({name, kind, language, folder.path()}, captured.terminal());
    }
    bool is_empty() const { return fs::is_empty(folder.path()); }

    const TemporaryFolder folder;
    CapturedTerminal captured;
};

TEST_F(NewPluginTest, EveryTemplateIsFilledInCompletely) {
    for (const auto& each : plugin_templates()) {
        const auto name = "my_" + std::string(each.kind) + "_" + std::string(each.language);
        ASSERT_EQ(make(name, std::string(each.kind), std::string(each.language)), done)
            << captured.err.str();

        for (const auto& file : fs::directory_iterator(folder.file(name))) {
            const auto text = content_of(file.path());
            EXPECT_FALSE(text.empty()) << file.path();
            for (const auto* placeholder :
                 {"my_plugin", "MyPlugin", "MY_PLUGIN", "MY_CONFIG", "MY_LIBRARY"})
                EXPECT_EQ(text.find(placeholder), std::string::npos) << file.path() << placeholder;
        }
    }
}

TEST_F(NewPluginTest, TheNameIsInFileClassAndConfig) {
    ASSERT_EQ(make("big_bird"), done);

    const auto source = content_of(folder.file("big_bird/big_bird.cpp"));
    EXPECT_NE(source.find("PATCHBAY_PLUGIN(BigBird"), std::string::npos);
    EXPECT_NE(source.find("\"org.example.big_bird\""), std::string::npos);
    const auto library = "\"library\": \"" + folder.file("big_bird/build/big_bird.so") + "\"";
    EXPECT_NE(captured.out.str().find(library), std::string::npos) << captured.out.str();
    EXPECT_NE(content_of(folder.file("big_bird/README.md")).find("/big_bird/build/big_bird.so"),
              std::string::npos);
}

TEST_F(NewPluginTest, WhatIsWrittenKnowsNoPathOfThisMachine) {
    ASSERT_EQ(make("big_bird"), done);

    for (const auto& file : fs::directory_iterator(folder.file("big_bird")))
        EXPECT_EQ(content_of(file.path()).find(folder.path()), std::string::npos) << file.path();
}

TEST_F(NewPluginTest, NoOtherNameOfATemplateCanBeThePluginsOwn) {
    const std::regex declared(R"((?:class|struct) (\w+))");
    for (const auto& each : plugin_templates()) {
        if (each.language != "cpp") continue;  // in C the plugin's name is in texts only
        const std::string source(each.source);
        for (std::sregex_iterator it(source.begin(), source.end(), declared), end; it != end; ++it)
            EXPECT_TRUE((*it)[1].str().starts_with("MyPlugin")) << each.kind << ": " << (*it)[1];
    }
}

TEST_F(NewPluginTest, TargetsOfCMakeAndItsGeneratorsAreNoNames) {
    for (const auto* name : {"edit_cache", "rebuild_cache", "package_source", "codegen",
                             "list_install_components", "preinstall", "depend", "rt"})
        EXPECT_EQ(make(name), bad_usage) << name;
    EXPECT_TRUE(is_empty());
}

TEST_F(NewPluginTest, ANameThatIsNoneIsRefusedAndANearOneIsNamed) {
    EXPECT_EQ(make("My-Agent 2"), bad_usage);
    EXPECT_NE(captured.err.str().find("try my_agent_2\n"), std::string::npos) << captured.err.str();
    for (const auto* name : {"", "1st", "_a", "../a", "a/b", "naïve", "A", "a\n", "test", "dl",
                             "a23456789012345678901234567890123456789012345678z"})
        EXPECT_EQ(make(name), bad_usage) << name;
    EXPECT_TRUE(is_empty());
}

TEST_F(NewPluginTest, AFolderThatIsThereIsLeftAlone) {
    ASSERT_EQ(make("mine"), done);
    const auto file = folder.file("mine/mine.cpp");
    std::ofstream(file) << "changed";

    EXPECT_EQ(make("mine"), failed);

    EXPECT_EQ(captured.err.str(), folder.file("mine") + " is there already\n");
    EXPECT_EQ(content_of(file), "changed");
}

TEST_F(NewPluginTest, AKindThatThereIsNotIsRefusedWithThoseThatThereAre) {
    EXPECT_EQ(make("mine", "providr"), bad_usage);
    EXPECT_EQ(captured.err.str().find("there is no kind 'providr': --kind provider, auth"), 0u)
        << captured.err.str();
    EXPECT_TRUE(is_empty());
}

TEST_F(NewPluginTest, ALanguageThatThereIsNotIsRefusedWithThoseThatThereAre) {
    EXPECT_EQ(make("mine", "provider", "cobol"), bad_usage);
    EXPECT_EQ(captured.err.str(),
              "a plugin of kind provider cannot be begun in 'cobol': --lang c, cpp\n");
    EXPECT_TRUE(is_empty());
}

TEST_F(NewPluginTest, AFolderThatCannotBeMadeIsSaid) {
    const auto file = folder.write("file", "");

    EXPECT_EQ(plugin_new({"mine", "auth", "c", file}, captured.terminal()), failed);
    EXPECT_NE(captured.err.str().find(file), std::string::npos) << captured.err.str();
}

}  // namespace
}  // namespace patchbay::cli
