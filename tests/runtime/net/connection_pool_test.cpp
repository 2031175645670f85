// Connections that wait, over socket pairs.
#include "runtime/net/connection_pool.hpp"
#include "loop_thread.hpp"
#include "loopback_upstream.hpp"
#include "runtime/net/plain_stream.hpp"

#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

class ConnectionPoolTest : public testing::Test {
protected:
    ConnectionPoolTest() { make({}); }
    ~ConnectionPoolTest() override {
        thread.call([this] { pool.reset(); });
    }

    void make(PoolLimits limits) {
        thread.call([&] { pool = std::make_unique<ConnectionPool>(thread.loop(), limits); });
    }
    // Puts a connection into the pool, and returns the upstream's end of it.
    FileDescriptor put(const std::string& key) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        FileDescriptor ours(ends[0]);
        thread.call([&] {
            pool->put(std::make_unique<UpstreamConnection>(
                thread.loop(), std::make_unique<PlainStream>(std::move(ours)), key));
        });
        return FileDescriptor(ends[1]);
    }
    // What is sent over the connection of this key comes out here; false = there is none, or it
    // leads elsewhere. The connection is closed again.
    bool leads_to(const std::string& key, const FileDescriptor& end) {
        thread.call([&] {
            if (const auto connection = pool->take(key)) connection->stream().write("hello");
        });
        char bytes[5];
        return ::recv(end.get(), bytes, sizeof bytes, 0) == 5;
    }
    size_t size() {
        return thread.call([this] { return pool->size(); });
    }
    bool comes_to(size_t wanted) {
        const auto limit = Clock::now() + patience;
        while (size() != wanted && Clock::now() < limit) std::this_thread::yield();
        return size() == wanted;
    }
    bool is_closed(const FileDescriptor& end) {
        pollfd ready{.fd = end.get(), .events = POLLIN, .revents = 0};
        char byte;
        return ::poll(&ready, 1, 20000) > 0 && ::recv(end.get(), &byte, 1, 0) <= 0;
    }

    LoopThread thread;
    std::unique_ptr<ConnectionPool> pool;
};

TEST_F(ConnectionPoolTest, GivesTheConnectionOfAKeyThatWasUsedLast) {
    const auto first = put("a");
    const auto second = put("a");
    const auto other = put("b");

    EXPECT_TRUE(leads_to("a", second));
    EXPECT_TRUE(leads_to("a", first));
    EXPECT_FALSE(leads_to("a", other));
    EXPECT_TRUE(leads_to("b", other));
    EXPECT_EQ(size(), 0u);
}

TEST_F(ConnectionPoolTest, DropsAConnectionThatItsUpstreamCloses) {
    auto closed = put("a");
    const auto other = put("a");

    closed = FileDescriptor();

    EXPECT_TRUE(comes_to(1));
    EXPECT_TRUE(leads_to("a", other));
}

TEST_F(ConnectionPoolTest, DropsAConnectionThatSaysSomethingUnasked) {
    const auto noisy = put("a");

    EXPECT_EQ(::send(noisy.get(), "HTTP/1.1 408 Too late\r\n", 23, 0), 23);

    EXPECT_TRUE(comes_to(0));
    EXPECT_TRUE(is_closed(noisy));
}

TEST_F(ConnectionPoolTest, NeverGivesOneOfWhichItIsStillToHearThatItIsDead) {
    auto good = put("a");
    auto closed = put("a");
    const auto noisy = put("a");

    const bool found = thread.call([&] {  // the loop hears of nothing meanwhile
        closed = FileDescriptor();
        EXPECT_EQ(::send(noisy.get(), "x", 1, 0), 1);
        return pool->take("a") != nullptr && pool->take("a") == nullptr;
    });

    EXPECT_TRUE(found);
    EXPECT_TRUE(is_closed(good));
}

TEST_F(ConnectionPoolTest, ClosesTheOldestWhenThereAreTooMany) {
    make({.connections = 2});
    const auto first = put("a");
    const auto second = put("b");
    const auto third = put("a");

    EXPECT_EQ(size(), 2u);
    EXPECT_TRUE(is_closed(first));
    EXPECT_TRUE(leads_to("b", second));
    EXPECT_TRUE(leads_to("a", third));
}

TEST_F(ConnectionPoolTest, KeepsNoneWhereNoneAreAllowed) {
    make({.connections = 0});

    EXPECT_TRUE(is_closed(put("a")));
    EXPECT_EQ(size(), 0u);
}

TEST_F(ConnectionPoolTest, ClosesThoseThatHaveWaitedTooLong) {
    make({.idle = 20ms});
    const auto first = put("a");
    EXPECT_TRUE(is_closed(first));
    const auto second = put("b");

    EXPECT_TRUE(is_closed(second));
    EXPECT_EQ(size(), 0u);
}

TEST_F(ConnectionPoolTest, ClosesAllThatAreLeftWhenItGoes) {
    const auto first = put("a");
    const auto second = put("b");

    thread.call([this] { pool.reset(); });

    EXPECT_TRUE(is_closed(first) && is_closed(second));
}

}  // namespace
}  // namespace patchbay::net
