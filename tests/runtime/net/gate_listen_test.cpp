#include "tests/runtime/net/gate_fixture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <future>
#include <thread>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

using GateListenTest = GateTest;

TEST_F(GateListenTest, ListensOnIPv6AndOnUnixSockets) {
    std::promise<Entrance> entrance;
    start({.listen = {"[::1]:0", "unix:" + folder + "/s.sock"}}, [&](Exchange exchange) {
        if (exchange.entrance() != Entrance::tcp) entrance.set_value(exchange.entrance());
        exchange.reply({.body = exchange.remote()});
    });
    ASSERT_EQ(gate->addresses().size(), 2u);
    LoopbackClient v6(gate->addresses()[0]), local(gate->addresses()[1]);

    v6.send(get_request);
    local.send(get_request);

    EXPECT_TRUE(gate->addresses()[0].starts_with("http://[::1]:"));
    EXPECT_EQ(gate->addresses()[1], "unix:" + folder + "/s.sock");
    EXPECT_EQ(body_of(v6.read_response()), "::1");
    EXPECT_EQ(body_of(local.read_response()), "");
    EXPECT_EQ(entrance.get_future().get(), Entrance::unix_socket);
}

TEST_F(GateListenTest, TheControlSocketIsItsOwnersOnlyAndGoesWithTheGate) {
    const std::string path = folder + "/control.sock";
    std::promise<Entrance> entrance;
    start({.control_socket = path}, [&](Exchange exchange) {
        entrance.set_value(exchange.entrance());
        exchange.reply({});
    });
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);

    LoopbackClient client("unix:" + path);
    client.send(get_request);

    EXPECT_TRUE(has_status(client.read_response(), 200));
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_EQ(entrance.get_future().get(), Entrance::control);
    EXPECT_EQ(gate->addresses().size(), 1u);
    gate->stop();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(GateListenTest, AStaleSocketFileIsReplacedAndALiveOneIsNot) {
    const std::string path = folder + "/control.sock";
    {
        sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
        path.copy(name.sun_path, sizeof name.sun_path - 1);
        const FileDescriptor left_behind(::socket(AF_UNIX, SOCK_STREAM, 0));
        ASSERT_EQ(::bind(left_behind.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    }
    start({.control_socket = path});

    Gate second({.control_socket = path}, echo);
    const auto started = second.start();

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::conflict);
    EXPECT_TRUE(LoopbackClient("unix:" + path).connected());
}

TEST_F(GateListenTest, AFileThatIsNoSocketIsNotRemoved) {
    const std::string path = folder + "/precious";
    FileDescriptor file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    Gate second({.control_socket = path}, echo);

    EXPECT_FALSE(second.start());

    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(GateListenTest, AnAddressInUseIsOneSentence) {
    start();
    const std::string address = gate->addresses()[0].substr(7);
    Gate second({.listen = {address}}, echo);

    const auto started = second.start();

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::conflict);
    EXPECT_EQ(started.error().message,
              "cannot listen on " + address +
                  ": the address is in use, perhaps by another server; stop it or choose another "
                  "address");
}

TEST_F(GateListenTest, AMalformedAddressIsRefused) {
    for (const char* address :
         {"", ":", "8080", "127.0.0.1", "127.0.0.1:", ":8080", "127.0.0.1:x", "127.0.0.1:65536",
          "127.0.0.1:-1", "::1:80", "[]:80", "unix:", "192.0.2.1:0", "no such host:80"}) {
        Gate refused({.listen = {address}}, echo);

        const auto started = refused.start();

        ASSERT_FALSE(started) << address;
        EXPECT_EQ(started.error().code, ErrorCode::bad_request) << started.error().message;
    }
}

TEST_F(GateListenTest, DrainClosesIdleConnectionsAndServesTheOthers) {
    start();
    LoopbackClient idle = connect(), begun = connect();
    idle.send(get_request);
    ASSERT_TRUE(has_status(idle.read_response(), 200));
    begun.send("GET /a HTTP/1.1\r\nHo");
    ASSERT_TRUE(eventually([&] { return open() == 2; }));

    // The gate has read the half head once it answers what was sent after it.
    LoopbackClient marker = connect();
    marker.send(get_request);
    ASSERT_TRUE(has_status(marker.read_response(), 200));
    const std::string address = gate->addresses()[0];
    gate->drain();

    EXPECT_TRUE(idle.at_end());
    begun.send("st: x\r\n\r\n");
    const std::string last = begun.read_response();
    EXPECT_TRUE(has_status(last, 200)) << last;
    EXPECT_NE(last.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(begun.at_end());
    EXPECT_FALSE(LoopbackClient(address).connected());
}

TEST_F(GateListenTest, StopFlushesWhatIsBeingWritten) {
    std::promise<void> replied;
    start({}, [&](Exchange exchange) {
        exchange.reply({.body = std::string(4 << 20, 'x')});
        replied.set_value();
    });
    LoopbackClient client = connect(4096), idle = connect();
    client.send(get_request);
    replied.get_future().wait();

    std::jthread stopping([&] { gate->stop(); });
    const std::string response = client.read_response();

    EXPECT_EQ(body_of(response).size(), 4u << 20);
    EXPECT_TRUE(idle.at_end());
    stopping.join();
    gate->stop();
    EXPECT_EQ(open(), 0u);
}

TEST_F(GateListenTest, StopDoesNotWaitForAClientThatDoesNotRead) {
    start({}, [](Exchange exchange) { exchange.reply({.body = std::string(32 << 20, 'x')}); });
    LoopbackClient client = connect(4096);
    client.send(get_request);
    ASSERT_TRUE(eventually([&] { return gate->counters().requests == 1; }));

    const auto start_of_stop = Clock::now();
    gate->stop();

    EXPECT_LT(Clock::now() - start_of_stop, 5s);
}

TEST_F(GateListenTest, AReplyAfterStopHarmsNobody) {
    std::promise<Exchange> asked;
    start({}, [&](Exchange exchange) { asked.set_value(std::move(exchange)); });
    LoopbackClient client = connect();
    client.send(get_request);
    std::optional<Exchange> exchange(asked.get_future().get());
    gate->stop();

    exchange->reply({.body = "late"});
    exchange.reset();

    EXPECT_EQ(body_of(client.read_to_end()), "late");
    EXPECT_EQ(open(), 0u);
}

}  // namespace
}  // namespace patchbay::net
