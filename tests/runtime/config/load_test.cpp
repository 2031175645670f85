#include "tests/runtime/config/config_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::config {
namespace {

TEST(LoadTest, FileWithCommentsBecomesConfig) {
    const auto config = load_text(R"({
        // who answers
        "plugins": {
            "zeta": {"library": "z", "enabled": false},
            "demo": {"library": "d", "required": true, "config": {"pace_ms": 3}},  /* the demo */
            "keys": {"library": "k"}
        },
        "auth": ["keys"],
        "server": {"listen": ["[::1]:0", "unix:/run/p.sock"], "stall_timeout_ms": 1500},
        "store": {"data_dir": "/srv/p", "durability": "power_loss"},
        "models": {"default": "fast", "aliases": {"fast": ["demo/a", "demo/b"], "a": ["demo/a"]}},
        "runs": {"on_crash": "settle", "grace_ms": 5},
        "billing": {"points_per_1000_tokens": 3}
    })");

    ASSERT_TRUE(config) << sentences(config.error());
    ASSERT_EQ(config->plugins.size(), 4u);
    EXPECT_EQ(config->plugins[0].name, "zeta");  // the file's order, not the alphabet's
    EXPECT_FALSE(config->plugins[0].enabled);
    EXPECT_TRUE(config->plugins[1].required);
    EXPECT_EQ(config->plugins[1].config_json, R"({"pace_ms":3})");
    EXPECT_EQ(config->plugins[2].config_json, "{}");
    EXPECT_EQ(config->server.listen.at(1), "unix:/run/p.sock");
    EXPECT_EQ(config->server.stall_timeout, milliseconds(1500));
    EXPECT_EQ(config->server.heartbeat, milliseconds(15000));
    EXPECT_EQ(config->store.data_dir, "/srv/p");
    EXPECT_TRUE(config->store.power_loss);
    EXPECT_EQ(config->models.aliases.at(0).first, "fast");
    EXPECT_EQ(config->models.aliases.at(0).second.at(1), "demo/b");
    EXPECT_EQ(config->runs.on_crash, "settle");
    EXPECT_EQ(config->runs.grace, milliseconds(5));
    EXPECT_EQ(config->billing.points_per_1000_tokens, 3u);
    EXPECT_FALSE(config->debug_logs);
}

TEST(LoadTest, AllMistakesAreReportedAtOnce) {
    const auto text = complaints(R"({
        "server": {"lisen": [], "head_bytes": 12, "heartbeat_ms": "soon"},
        "store": {"durability": "crsh"},
        "plugins": {"demo": {"libary": "d"}},
        "models": {"default": "", "aliases": {"fast": []}},
        "colour": 1
    })");

    EXPECT_NE(text.find("/server/lisen: found an unknown key"), std::string::npos) << text;
    EXPECT_NE(text.find("did you mean \"listen\""), std::string::npos) << text;
    EXPECT_NE(text.find("/server/head_bytes: found 12, expected an integer from 1024 to 1048576."),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("/server/heartbeat_ms: found a text, expected an integer"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("/store/durability: found another text; did you mean \"crash\", expected "
                        "\"crash\" or \"power_loss\"."),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("/plugins/demo/libary: found an unknown key"), std::string::npos) << text;
    EXPECT_NE(text.find("/plugins/demo/library: found nothing, expected a text, not empty."),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("/models/default: found an empty text"), std::string::npos) << text;
    EXPECT_NE(text.find("/models/aliases/fast: found an empty list"), std::string::npos) << text;
    EXPECT_NE(text.find("/auth: found nothing"), std::string::npos) << text;
    EXPECT_NE(text.find("/colour: found an unknown key"), std::string::npos) << text;
    EXPECT_EQ(std::ranges::count(text, '\n'), 10) << text;
}

TEST(LoadTest, MistakesOfMeaningAreReportedBesideThoseOfTheSchema) {
    const auto text = complaints(R"({
        "plugins": {"keys": {"library": "k", "enabled": "perhaps"}}, "auth": ["keyz"],
        "server": {"listen": ["localhost"], "max_connections": "${UNSET}", "cors_origins": [1]},
        "models": {"default": "any"}, "colour": 1
    })");

    for (const auto* pointer :
         {"/plugins/keys/enabled:", "/auth/0:", "/server/listen/0:", "/colour:",
          "/server/max_connections:", "/server/cors_origins/0:"}) {
        EXPECT_NE(text.find(pointer), std::string::npos) << pointer << "\n" << text;
    }
    EXPECT_EQ(std::ranges::count(text, '\n'), 6) << text;
}

TEST(LoadTest, UnreadablePluginIsNotReportedAgainAsAMissingName) {
    const auto text =
        complaints(R"({"plugins": {"keys": 1}, "auth": ["keys"], "models": {"default": "any"}})");

    EXPECT_EQ(text, "/plugins/keys: found 1, expected an object.\n");
}

TEST(LoadTest, SyntaxErrorNamesLineAndColumn) {
    const auto text = complaints("{\n  \"auth\": [],\n  \"models\": }\n");

    EXPECT_NE(text.find("line 3, column 13"), std::string::npos) << text;
}

TEST(LoadTest, SyntaxErrorDoesNotShowWhatWasReadLast) {
    const auto text = complaints("{\"key\": \"sk-secret\n\"}");

    EXPECT_NE(text.find("line 1, column"), std::string::npos) << text;
    EXPECT_EQ(text.find("sk-secret"), std::string::npos) << text;
}

TEST(LoadTest, KeyThatStandsTwiceIsRefused) {
    const auto text = complaints(valid_with(R"("plugin_path": ["/a"], "plugin_path": [])"));

    EXPECT_NE(text.find("/plugin_path: found the same key twice"), std::string::npos) << text;
}

TEST(LoadTest, ListWhereAnObjectIsWantedIsRefused) {
    const auto text = complaints("[]");

    EXPECT_NE(text.find("The config: found a list, expected an object"), std::string::npos) << text;
}

TEST(LoadTest, MissingFileIsOneSentence) {
    const auto config = load({.file = "/nonexistent/patchbay.json"});

    ASSERT_FALSE(config);
    EXPECT_NE(sentences(config.error()).find("/nonexistent/patchbay.json"), std::string::npos);
}

TEST(LoadTest, FirstFileOfTheSearchIsTaken) {
    const TemporaryFolder folder;
    const auto second = folder.write("second.json", valid_with(""));

    const auto config = load({.search = {"/nonexistent/first.json", second}});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->source, second);
}

TEST(LoadTest, FlagsTakeTheFilesPlace) {
    const TemporaryFolder folder;
    const auto file = folder.write("p.json", valid_with(R"("server": {"listen": ["1.2.3.4:1"]})"));

    const auto config = load({.file = file, .listen = {"127.0.0.1:0"}, .data_dir = "/elsewhere"});

    ASSERT_TRUE(config) << sentences(config.error());
    EXPECT_EQ(config->server.listen, std::vector<std::string>{"127.0.0.1:0"});
    EXPECT_EQ(config->store.data_dir, "/elsewhere");
}

TEST(LoadTest, DataFolderIsFoundInAConfigThatIsNotInOrder) {
    const TemporaryFolder folder;
    const auto file = folder.write("p.json", R"({"store": {"data_dir": "${DIR:-/srv}/p"}, "x": 1,
                                                 "plugins": {"k": {"config": {"a": "${UNSET}"}}}})");
    const auto environment = environment_of({});

    EXPECT_EQ(load_data_dir({.file = file, .environment = environment}).value(), "/srv/p");
    EXPECT_EQ(load_data_dir({.file = file, .data_dir = "/flag"}).value(), "/flag");
    EXPECT_EQ(load_data_dir({.search = {}, .environment = environment}).value(), "data");
}

TEST(LoadTest, DataFolderThatIsNoTextIsRefused) {
    const TemporaryFolder folder;

    EXPECT_FALSE(load_data_dir({.file = folder.write("a.json", R"({"store": {"data_dir": 1}})")}));
    EXPECT_FALSE(load_data_dir({.file = folder.write("b.json", R"({"store": {"data_dir": ""}})")}));
    EXPECT_FALSE(load_data_dir({.file = folder.write("c.json", "{")}));
}

TEST(LoadTest, EnableLogsTurnsOnDebugLogs) {
    const auto config = load_text(valid_with(""), {{"ENABLE_LOGS", "true"}});

    ASSERT_TRUE(config);
    EXPECT_TRUE(config->debug_logs);
}

}  // namespace
}  // namespace patchbay::config
