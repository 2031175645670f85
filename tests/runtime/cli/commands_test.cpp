#include "db/store.hpp"
#include "runtime/cli/backup_command.hpp"
#include "runtime/cli/config_command.hpp"
#include "runtime/cli/events_command.hpp"
#include "runtime/cli/key_command.hpp"
#include "runtime/cli/plugin_command.hpp"
#include "tests/runtime/cli/captured_terminal.hpp"
#include "tests/runtime/cli/fake_server.hpp"
#include "tests/runtime/cli/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <future>

namespace patchbay::cli {
namespace {

using nlohmann::json;

constexpr const char* small_config =
    R"({"plugins": {"gone": {"library": "no_such_library", "required": true}}, "auth": ["gone"],
        "models": {"default": "any"}})";

TEST(ConfigCommandTest, APluginThatCannotStartIsAMistakeToo) {
    const TemporaryFolder folder;
    CapturedTerminal captured;

    const auto code =
        config_check({.config = folder.write("p.json", small_config)}, captured.terminal());

    EXPECT_EQ(code, bad_usage);
    EXPECT_TRUE(captured.err.str().starts_with("/plugins/gone: found no no_such_library.so in "))
        << captured.err.str();
    EXPECT_EQ(captured.err.str().find("/models"), std::string::npos) << "it may have the model";
}

TEST(ConfigCommandTest, GoodFileIsInOrder) {
    const TemporaryFolder folder;
    CapturedTerminal captured;

    const auto code = config_check(
        {.config = folder.write("p.json", R"({"plugins": {}, "auth": [], "anonymous": "allow",
                           "models": {"default": "any", "unknown": "reject"}})")},
        captured.terminal());

    EXPECT_EQ(code, done) << captured.err.str();
    EXPECT_NE(captured.out.str().find("p.json is in order."), std::string::npos);
}

TEST(ConfigCommandTest, MistakesAreSentencesOnStandardError) {
    const TemporaryFolder folder;
    CapturedTerminal captured;

    const auto code =
        config_check({.config = folder.write("p.json", R"({"server": 1})")}, captured.terminal());

    EXPECT_EQ(code, bad_usage);
    EXPECT_NE(captured.err.str().find("/server: found 1, expected an object.\n"), std::string::npos)
        << captured.err.str();
    EXPECT_EQ(captured.out.str(), "");
}

TEST(ConfigCommandTest, MistakesAreJsonOnRequest) {
    const TemporaryFolder folder;
    CapturedTerminal captured;

    const auto code = config_check(
        {.config = folder.write("p.json", R"({"server": 1})"), .json = true}, captured.terminal());

    EXPECT_EQ(code, bad_usage);
    const auto result = json::parse(captured.out.str());
    EXPECT_EQ(result.at("ok"), false);
    EXPECT_EQ(result.at("errors").size(), 4u) << result;
}

TEST(ConfigCommandTest, SchemaIsJson) {
    CapturedTerminal captured;

    ASSERT_EQ(config_schema(captured.terminal()), done);

    EXPECT_TRUE(json::parse(captured.out.str()).contains("$schema"));
}

TEST(PluginCommandTest, PluginThatIsNotThereIsOffWithAReason) {
    const TemporaryFolder folder;
    CapturedTerminal captured;

    const auto code = plugin_list(
        {.config = folder.write("p.json", small_config), .data_dir = folder.path(), .json = true},
        captured.terminal());

    ASSERT_EQ(code, done) << captured.err.str();
    const auto items = json::parse(captured.out.str()).at("items");
    ASSERT_EQ(items.size(), 2u);  // and the default agent
    EXPECT_EQ(items[0].at("name"), "gone");
    EXPECT_EQ(items[0].at("state"), "off");
    EXPECT_NE(items[0].at("reason"), "");
}

TEST(PluginCommandTest, RunningServersPluginsAreShownAsATable) {
    const TemporaryFolder folder;
    FakeServer server(folder.path(), 200, R"({"items": [{"name": "demo", "state": "on",
        "version": "1.0.0", "interfaces": ["patchbay.provider/1"], "reason": ""}]})");
    CapturedTerminal captured;

    ASSERT_EQ(plugin_list({.data_dir = folder.path()}, captured.terminal()), done);

    EXPECT_EQ(captured.out.str(),
              "NAME  STATE  VERSION  INTERFACES           REASON\n"
              "demo  on     1.0.0    patchbay.provider/1  -\n");
}

TEST(BackupCommandTest, CopyIsMadeWithoutAServerAndNeverOverAFile) {
    const TemporaryFolder folder;
    CapturedTerminal captured;
    const DataFlags flags{.data_dir = folder.file("data")};
    ASSERT_EQ(key_create(flags, {.role = "user", .name = "a"}, captured.terminal()), done);

    ASSERT_EQ(backup(flags, folder.file("copy.db"), captured.terminal()), done)
        << captured.err.str();

    EXPECT_TRUE(std::filesystem::exists(folder.file("copy.db")));
    EXPECT_EQ(backup(flags, folder.file("copy.db"), captured.terminal()), failed);
}

TEST(BackupCommandTest, ARelativePathIsTheCallersAndIsSaidInFull) {
    const TemporaryFolder folder;
    CapturedTerminal captured;
    const DataFlags flags{.data_dir = folder.file("data")};
    ASSERT_EQ(key_create(flags, {.role = "user", .name = "a"}, captured.terminal()), done);
    const auto path = std::filesystem::relative(folder.file("copy.db")).string();

    ASSERT_EQ(backup(flags, path, captured.terminal()), done) << captured.err.str();

    EXPECT_TRUE(std::filesystem::exists(folder.file("copy.db")));
    const auto said = std::filesystem::absolute(path).string();
    EXPECT_NE(captured.out.str().find("Wrote " + said), std::string::npos) << captured.out.str();
}

// Fulfils a promise when its one batch is committed.
class OneCommit : public CommitSink {
public:
    void on_commit(std::vector<std::unique_ptr<Batch>> batches) override {
        const auto& error = batches.front()->error;
        outcome_.set_value(error ? error->message : "committed");
    }

    std::string wait() {
        auto outcome = outcome_.get_future();
        const auto status = outcome.wait_for(std::chrono::seconds(10));
        return status == std::future_status::ready ? outcome.get() : "nothing within 10 s";
    }

private:
    std::promise<std::string> outcome_;
};

TEST(EventsCommandTest, LogIsPrintedAsJsonLines) {
    const TemporaryFolder folder;
    const InteractionRecord interaction{.id = InteractionId::make(), .owner = "user:ann"};
    const auto run = RunId::make();
    OneCommit commit;
    {
        auto store = open_sqlite_store({.data_dir = folder.path()});
        ASSERT_TRUE(store) << store.error().message;
        auto batch = std::make_unique<Batch>();
        batch->interaction = interaction.id;
        batch->run = run;
        batch->projections = {InsertInteraction{interaction},
                              InsertRun{{.id = run,
                                         .interaction = interaction.id,
                                         .turn = 1,
                                         .status = RunStatus::running}}};
        batch->events = {{.run = run, .kind = EventKind::run_started, .body = R"({"turn":1})"},
                         {.run = run, .kind = EventKind::delta, .body = "Hi"}};
        batch->sink = &commit;
        std::vector<std::unique_ptr<Batch>> batches;
        batches.push_back(std::move(batch));
        (*store)->submit(std::move(batches));
        ASSERT_EQ(commit.wait(), "committed");
        (*store)->close();
    }
    CapturedTerminal captured;

    ASSERT_EQ(events({.data_dir = folder.path()}, interaction.id.str(), captured.terminal()), done)
        << captured.err.str();

    std::istringstream lines(captured.out.str());
    std::string first, second, third;
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_FALSE(std::getline(lines, third));
    EXPECT_EQ(json::parse(first).at("event"), "run.started");
    EXPECT_EQ(json::parse(first).at("data").at("turn"), 1);
    EXPECT_EQ(json::parse(second).at("seq"), 2);
    EXPECT_EQ(json::parse(second).at("run_id"), run.str());
    EXPECT_EQ(json::parse(second).at("data"), json({{"text", "Hi"}, {"channel", "answer"}}));
}

TEST(EventsCommandTest, UnknownInteractionFailsAndNonsenseIsBadUsage) {
    const TemporaryFolder folder;
    const DataFlags flags{.data_dir = folder.path()};
    CapturedTerminal captured;
    ASSERT_EQ(key_create(flags, {.role = "user", .name = "a"}, captured.terminal()), done);

    EXPECT_EQ(events(flags, InteractionId::make().str(), captured.terminal()), failed);
    EXPECT_EQ(events(flags, "nonsense", captured.terminal()), bad_usage);
}

}  // namespace
}  // namespace patchbay::cli
