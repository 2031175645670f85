#include "runtime/cli/cli.hpp"

#include "runtime/cli/serve.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace patchbay::cli {

// Stands in for the real one: notes what it was asked.
static ServeFlags& served() {
    static ServeFlags flags;
    return flags;
}

int serve(const ServeFlags& flags) {
    served() = flags;
    return 0;
}

namespace {

int run_with(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    arguments.insert(arguments.begin(), "patchbay");
    for (auto& argument : arguments) argv.push_back(argument.data());
    return run(static_cast<int>(argv.size()), argv.data());
}

std::string printed_by(std::vector<std::string> arguments, int expected) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_with(std::move(arguments)), expected);
    return testing::internal::GetCapturedStdout();
}

TEST(CliTest, VersionAndHelpAreDone) {
    EXPECT_TRUE(printed_by({"--version"}, 0).starts_with("patchbay 0."));
    EXPECT_NE(printed_by({"--help"}, 0).find("serve"), std::string::npos);
}

TEST(CliTest, BadUsageIsTwo) {
    testing::internal::CaptureStderr();

    EXPECT_EQ(run_with({}), 2);
    EXPECT_EQ(run_with({"dance"}), 2);
    EXPECT_EQ(run_with({"key", "create", "--role", "user"}), 2);
    EXPECT_EQ(run_with({"events"}), 2);
    EXPECT_EQ(run_with({"config", "check", "--config", "/nonexistent/p.json"}), 2);
    EXPECT_NE(testing::internal::GetCapturedStderr(), "");
}

TEST(CliTest, ServeGetsItsFlags) {
    EXPECT_EQ(run_with({"serve", "--config", "c.json", "--listen", "127.0.0.1:0", "--listen",
                        "unix:/x", "--data-dir", "d", "--dev"}),
              0);

    EXPECT_EQ(served().config, "c.json");
    EXPECT_EQ(served().listen, (std::vector<std::string>{"127.0.0.1:0", "unix:/x"}));
    EXPECT_EQ(served().data_dir, "d");
    EXPECT_TRUE(served().dev);
}

TEST(CliTest, SchemaIsPrinted) {
    EXPECT_TRUE(printed_by({"config", "schema"}, 0).starts_with("{"));
}

}  // namespace
}  // namespace patchbay::cli
