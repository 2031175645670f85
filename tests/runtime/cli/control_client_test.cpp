#include "runtime/cli/control_client.hpp"
#include "tests/runtime/cli/fake_server.hpp"
#include "tests/runtime/cli/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace patchbay::cli {
namespace {

TEST(ControlClientTest, NoSocketMeansThatNoServerRuns) {
    const TemporaryFolder folder;

    const auto runs = ControlClient(folder.path()).server_runs();

    ASSERT_TRUE(runs);
    EXPECT_FALSE(*runs);
}

TEST(ControlClientTest, SocketOfADeadServerMeansThatNoServerRuns) {
    const TemporaryFolder folder;
    { FakeServer server(folder.path(), 200, "{}"); }  // leaves its socket file behind

    const auto runs = ControlClient(folder.path()).server_runs();

    ASSERT_TRUE(runs);
    EXPECT_FALSE(*runs);
}

TEST(ControlClientTest, SocketOfAnotherUserIsAnErrorThatSaysWhatToDo) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may open any socket";
    const TemporaryFolder folder;
    FakeServer server(folder.path(), 200, "{}");
    ASSERT_EQ(::chmod(folder.file("control.sock").c_str(), 0), 0);

    const auto runs = ControlClient(folder.path()).server_runs();

    ASSERT_FALSE(runs);
    EXPECT_NE(runs.error().message.find("as the user"), std::string::npos);
}

TEST(ControlClientTest, ReplyIsItsJson) {
    const TemporaryFolder folder;
    FakeServer server(folder.path(), 201, R"({"id": "k1"})");
    const ControlClient client(folder.path());

    const auto reply = client.post("/api/admin/keys", {{"name", "laptop"}});

    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(*reply, nlohmann::json({{"id", "k1"}}));
    const auto requests = server.stop();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_TRUE(requests[0].starts_with("POST /api/admin/keys HTTP/1.1\r\n")) << requests[0];
    EXPECT_TRUE(requests[0].ends_with(R"({"name":"laptop"})")) << requests[0];
}

TEST(ControlClientTest, ErrorIsTheServersOwnSentenceAndCode) {
    const TemporaryFolder folder;
    FakeServer server(folder.path(), 409, R"({"error": "The name is taken.", "code": "conflict"})");

    const auto reply = ControlClient(folder.path()).get("/api/admin/keys");

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::conflict);
    EXPECT_EQ(reply.error().message, "The name is taken.");
}

TEST(ControlClientTest, EmptyReplyIsNull) {
    const TemporaryFolder folder;
    FakeServer server(folder.path(), 200, "");

    const auto reply = ControlClient(folder.path()).remove("/api/admin/keys/1");

    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->is_null());
}

TEST(ControlClientTest, ReplyThatIsNoJsonIsAnError) {
    const TemporaryFolder folder;
    FakeServer server(folder.path(), 200, "<html>");

    EXPECT_FALSE(ControlClient(folder.path()).get("/"));
}

TEST(ControlClientTest, ServerThatLeftInBetweenIsAnError) {
    const TemporaryFolder folder;

    const auto reply = ControlClient(folder.path()).get("/api/admin/keys");

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace patchbay::cli
