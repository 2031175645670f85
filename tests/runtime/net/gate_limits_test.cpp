#include "tests/runtime/net/gate_fixture.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <future>
#include <vector>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

using GateLimitsTest = GateTest;

TEST_F(GateLimitsTest, AHalfSentHeadTimesOutWhileOthersAreServed) {
    start({.head_timeout = 100ms});
    LoopbackClient slow = connect(), other = connect();
    slow.send("GET / HTTP/1.1\r\nHos");

    other.send(get_request);
    const std::string served = other.read_response();
    const std::string late = slow.read_to_end();

    EXPECT_TRUE(has_status(served, 200));
    EXPECT_TRUE(has_status(late, 408)) << late;
    EXPECT_EQ(nlohmann::json::parse(body_of(late)).at("code"), "request_timeout");
}

TEST_F(GateLimitsTest, ABodyThatDoesNotComeTimesOut) {
    start({.body_timeout = 100ms});

    const std::string late =
        whole_answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");

    EXPECT_TRUE(has_status(late, 408)) << late;
}

TEST_F(GateLimitsTest, AnIdleConnectionIsClosedWithoutAWord) {
    start({.idle_timeout = 100ms});
    LoopbackClient fresh = connect(), used = connect();
    used.send(get_request);
    ASSERT_TRUE(has_status(used.read_response(), 200));

    EXPECT_TRUE(fresh.at_end());
    EXPECT_TRUE(used.at_end());
    EXPECT_TRUE(eventually([&] { return open() == 0; }));
}

TEST_F(GateLimitsTest, AClientThatDoesNotReadItsReplyIsCutOff) {
    start({.write_timeout = 100ms},
          [](Exchange exchange) { exchange.reply({.body = std::string(32 << 20, 'x')}); });
    LoopbackClient client = connect(4096);

    client.send(get_request);

    EXPECT_TRUE(eventually([&] { return gate->counters().requests == 1 && open() == 0; }));
}

TEST_F(GateLimitsTest, AHeadBeyondItsLimitIs431HoweverItIsSent) {
    start({.head_bytes = 2048});
    const std::string long_header = "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(3000, 'a');
    std::string many_headers = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 300; ++i) many_headers += "a:\r\n";

    const std::string one_piece = whole_answer(long_header + "\r\n\r\n");
    const std::string many = whole_answer(many_headers + "\r\n");
    LoopbackClient dripping = connect();
    dripping.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100 && dripping.send("Some-Header: with its own line\r\n"); ++i) {
    }

    EXPECT_TRUE(has_status(one_piece, 431)) << one_piece;
    EXPECT_TRUE(has_status(many, 431)) << many;
    EXPECT_TRUE(has_status(dripping.read_to_end(), 431));
}

TEST_F(GateLimitsTest, AHeadOfExactlyTheLimitIsTaken) {
    std::string request = "GET /a HTTP/1.1\r\nHost: x\r\nA: ";
    request += std::string(1024 - request.size() - 4, 'a') + "\r\n\r\n";
    start({.head_bytes = 1024});
    LoopbackClient client = connect();

    client.send(request);

    EXPECT_TRUE(has_status(client.read_response(), 200));
}

TEST_F(GateLimitsTest, ABodyBeyondItsLimitIs413AndTheClientCanReadIt) {
    start({.body_bytes = 1000});
    LoopbackClient pushing = connect();

    const std::string announced = whole_answer(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    pushing.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    pushing.send("7d0\r\n" + std::string(2000, 'x') + "\r\n" + std::string(500000, 'y'));
    const std::string chunked = pushing.read_to_end();
    const std::string most =
        whole_answer("POST / HTTP/1.0\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));

    EXPECT_TRUE(has_status(announced, 413)) << announced;
    EXPECT_TRUE(has_status(chunked, 413)) << chunked;
    EXPECT_FALSE(pushing.was_reset());
    EXPECT_TRUE(has_status(most, 200)) << most;
}

TEST_F(GateLimitsTest, AllBodiesTogetherAreLimited) {
    std::promise<Exchange> first;
    start({.total_body_bytes = 1500}, [&](Exchange exchange) {
        if (exchange.request().getURI() == "/hold") return first.set_value(std::move(exchange));
        echo(std::move(exchange));
    });
    const std::string large = " HTTP/1.0\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
    LoopbackClient holding = connect();
    holding.send("POST /hold" + large);
    std::optional<Exchange> held(first.get_future().get());

    const std::string refused = whole_answer("POST /" + large);
    held->reply({.body = "done"});
    held.reset();
    const std::string taken = whole_answer("POST /" + large);

    EXPECT_TRUE(has_status(refused, 503)) << refused;
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
    EXPECT_TRUE(has_status(taken, 200)) << taken;
}

TEST_F(GateLimitsTest, RepliesThatNobodyReadsAreLimitedTogether) {
    constexpr size_t large = 8 * 1024 * 1024;  // more than the kernel takes
    start({.total_waiting_bytes = large + large / 2},
          [&](Exchange exchange) { exchange.reply({.body = std::string(large, 'x')}); });
    LoopbackClient first = connect();
    first.send(get_request);
    first.read_until("\r\n\r\n");  // its reply is on its way, and waits for it

    LoopbackClient second = connect();
    second.send(get_request);
    const std::string cut = second.read_to_end();
    first.read_bytes(large);
    LoopbackClient third = connect();
    third.send(get_request);
    const std::string whole = third.read_response();

    EXPECT_LT(cut.size(), large) << "the second did not fit beside the first";
    EXPECT_GT(whole.size(), large) << "and when the first was read there was room again";
}

TEST_F(GateLimitsTest, ConnectionsBeyondTheLimitAreToldToComeAgain) {
    start({.max_connections = 2});
    LoopbackClient first = connect(), second = connect();
    first.send(get_request);
    second.send(get_request);
    ASSERT_TRUE(has_status(first.read_response(), 200));
    ASSERT_TRUE(has_status(second.read_response(), 200));

    LoopbackClient third = connect();
    third.send(get_request);
    const std::string refused = third.read_to_end();
    third.close();
    first.close();
    const bool one_left = eventually([&] { return open() == 1; });
    LoopbackClient fourth = connect();
    fourth.send(get_request);

    EXPECT_TRUE(has_status(refused, 503)) << refused;
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
    EXPECT_EQ(gate->counters().refused, 1u);
    EXPECT_TRUE(one_left);
    EXPECT_TRUE(has_status(fourth.read_response(), 200));
}

TEST_F(GateLimitsTest, AConnectionTakenByAStreamStillCounts) {
    std::promise<std::unique_ptr<Connection>> taken;
    start({.max_connections = 1},
          [&](Exchange exchange) { taken.set_value(exchange.take_connection()); });
    LoopbackClient client = connect();
    client.send(get_request);
    auto connection = taken.get_future().get();

    const uint64_t during = open();
    connection.reset();

    EXPECT_EQ(during, 1u);
    EXPECT_EQ(open(), 0u);
}

TEST_F(GateLimitsTest, AClientThatLeavesInMidRequestIsForgotten) {
    start();
    LoopbackClient in_head = connect(), in_body = connect();
    in_head.send("GET / HT");
    in_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    ASSERT_TRUE(eventually([&] { return open() == 2; }));

    in_head.close();
    in_body.close();

    EXPECT_TRUE(eventually([&] { return open() == 0; }));
    EXPECT_EQ(gate->counters().requests, 0u);
}

TEST_F(GateLimitsTest, RunningOutOfDescriptorsDoesNotSpinOrLoseClients) {
    start();
    LoopbackClient client = connect();
    client.send(get_request);
    ASSERT_TRUE(has_status(client.read_response(), 200));
    std::vector<FileDescriptor> hoard;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit small{.rlim_cur = 64, .rlim_max = before.rlim_max};
    LoopbackClient waiting_socket = connect();
    waiting_socket.send(get_request);
    ASSERT_TRUE(has_status(waiting_socket.read_response(), 200));

    ::setrlimit(RLIMIT_NOFILE, &small);
    FileDescriptor raw(::socket(AF_INET, SOCK_STREAM, 0));
    while (true) {
        FileDescriptor more(::dup(0));
        if (!more) break;
        hoard.push_back(std::move(more));
    }
    raw = FileDescriptor();  // one for the client to come; none is left for the gate
    LoopbackClient late = connect();
    late.send(get_request);
    rusage used{}, used_after{};
    ::getrusage(RUSAGE_SELF, &used);
    std::this_thread::sleep_for(200ms);
    ::getrusage(RUSAGE_SELF, &used_after);
    hoard.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);

    EXPECT_TRUE(has_status(late.read_response(), 200));
    const auto microseconds = [](const rusage& usage) {
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
    };
    EXPECT_LT(microseconds(used_after) - microseconds(used), 100000);
}

}  // namespace
}  // namespace patchbay::net
