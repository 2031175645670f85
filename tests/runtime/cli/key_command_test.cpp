#include "runtime/cli/key_command.hpp"

#include "db/api_key.hpp"
#include "db/store.hpp"
#include "tests/runtime/cli/captured_terminal.hpp"
#include "tests/runtime/cli/fake_server.hpp"
#include "tests/runtime/cli/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <regex>

namespace patchbay::cli {
namespace {

using nlohmann::json;

class KeyCommandTest : public testing::Test {
protected:
    int create(const NewKeyFlags& key) { return key_create(flags_, key, captured_.terminal()); }

    json list() {
        CapturedTerminal captured;
        auto flags = flags_;
        flags.json = true;
        EXPECT_EQ(key_list(flags, captured.terminal()), done) << captured.err.str();
        return json::parse(captured.out.str()).at("items");
    }

    TemporaryFolder folder_;
    DataFlags flags_{.data_dir = folder_.file("data")};
    CapturedTerminal captured_;
};

TEST_F(KeyCommandTest, KeyIsPrintedAloneAndStoredAsItsDigest) {
    ASSERT_EQ(create({.role = "premium", .name = "laptop", .user = "ann"}), done)
        << captured_.err.str();

    const auto text = captured_.out.str();
    EXPECT_TRUE(std::regex_match(text, std::regex("pb_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n"))) << text;
    const auto store = open_sqlite_store({.data_dir = flags_.data_dir, .read_only = true});
    ASSERT_TRUE(store) << store.error().message;
    const auto records = (*store)->credentials();
    ASSERT_TRUE(records && records->size() == 1);
    EXPECT_EQ(records->front().sha256, *sha256(text.substr(0, text.size() - 1)));
    EXPECT_EQ(records->front().owner, "user:ann");
    EXPECT_EQ(records->front().role, Role::premium);
}

TEST_F(KeyCommandTest, NameInUseIsAConflict) {
    ASSERT_EQ(create({.role = "user", .name = "laptop"}), done);

    EXPECT_EQ(create({.role = "user", .name = "laptop"}), failed);
    EXPECT_EQ(captured_.err.str(),
              "A key named laptop exists: revoke it, or choose another name.\n");
}

TEST_F(KeyCommandTest, RevokedKeyIsListedAsRevokedAndItsNameIsFree) {
    ASSERT_EQ(create({.role = "user", .name = "laptop"}), done);
    const auto id = list().at(0).at("id").get<std::string>();

    ASSERT_EQ(key_revoke(flags_, id, captured_.terminal()), done) << captured_.err.str();

    EXPECT_TRUE(list().at(0).at("revoked_at_ms").is_number());
    EXPECT_EQ(create({.role = "user", .name = "laptop"}), done) << captured_.err.str();
}

TEST_F(KeyCommandTest, RevokingAnUnknownKeyFails) {
    ASSERT_EQ(create({.role = "user", .name = "laptop"}), done);

    EXPECT_EQ(key_revoke(flags_, "0123456789abcdef", captured_.terminal()), failed);
}

TEST_F(KeyCommandTest, WholeKeyIsNotTakenForItsId) {
    EXPECT_EQ(key_revoke(flags_, "pb_1_2", captured_.terminal()), bad_usage);
}

TEST_F(KeyCommandTest, UnknownRoleAndBadNameAreBadUsage) {
    EXPECT_EQ(create({.role = "root", .name = "laptop"}), bad_usage);
    EXPECT_EQ(create({.role = "user", .name = "a\nb"}), bad_usage);
    EXPECT_EQ(captured_.out.str(), "");
}

TEST_F(KeyCommandTest, ListingWithoutADatabaseSaysWhatToDoAndMakesNone) {
    EXPECT_EQ(key_list(flags_, captured_.terminal()), failed);

    EXPECT_NE(captured_.err.str().find("--data-dir"), std::string::npos) << captured_.err.str();
    EXPECT_FALSE(std::filesystem::exists(flags_.data_dir));
}

TEST_F(KeyCommandTest, ListIsATableThatNeverShowsTheKey) {
    ASSERT_EQ(create({.role = "admin", .name = "ops"}), done);
    const auto secret = captured_.out.str().substr(20, 43);
    CapturedTerminal captured;

    ASSERT_EQ(key_list(flags_, captured.terminal()), done);

    EXPECT_TRUE(captured.out.str().starts_with("ID ")) << captured.out.str();
    EXPECT_NE(captured.out.str().find("user:ops"), std::string::npos);
    EXPECT_EQ(captured.out.str().find(secret), std::string::npos);
}

TEST_F(KeyCommandTest, RunningServerMakesTheKey) {
    std::filesystem::create_directory(flags_.data_dir);
    FakeServer server(flags_.data_dir, 201, R"({"key": "pb_from_server", "id": "1"})");

    ASSERT_EQ(create({.role = "user", .name = "laptop", .user = "ann"}), done);

    EXPECT_EQ(captured_.out.str(), "pb_from_server\n");
    const auto requests = server.stop();
    ASSERT_EQ(requests.size(), 1u);
    const auto body = json::parse(requests[0].substr(requests[0].find("\r\n\r\n") + 4));
    EXPECT_EQ(body, json({{"role", "user"}, {"name", "laptop"}, {"user", "ann"}}));
    EXPECT_FALSE(std::filesystem::exists(flags_.data_dir + "/patchbay.db"));
}

TEST_F(KeyCommandTest, RunningServerRevokesTheKey) {
    std::filesystem::create_directory(flags_.data_dir);
    FakeServer server(flags_.data_dir, 200, "");

    ASSERT_EQ(key_revoke(flags_, "abc123", captured_.terminal()), done);

    const auto requests = server.stop();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_TRUE(requests[0].starts_with("DELETE /api/admin/keys/abc123 ")) << requests[0];
}

}  // namespace
}  // namespace patchbay::cli
