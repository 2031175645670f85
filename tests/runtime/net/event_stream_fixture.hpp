// A stream on a lane, made of a real request of a real client, for tests.
#pragma once

#include "runtime/net/event_stream.hpp"
#include "runtime/net/gate.hpp"
#include "runtime/net/http_client.hpp"
#include "runtime/net/resolver.hpp"
#include "tests/runtime/net/loopback_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::net::testing {

inline const std::string stream_request =
    "POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
inline const std::string plain_request = "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n";

struct Listener final : EventStreamListener {
    void on_gone() override { ++gone; }
    void on_drained() override {
        ++drained;
        if (then) then();
    }
    std::atomic<int> gone{0}, drained{0};
    std::function<void()> then;
};

// A gate that answers /plain itself and makes a stream of everything else.
class EventStreamTest : public ::testing::Test {
protected:
    void SetUp() override {
        lane.start();
        gate.emplace(gate_options(), [this](Exchange exchange) {
            if (exchange.request().getURI() == "/plain") return exchange.reply({.body = "plain"});
            take(std::move(exchange));
        });
        ASSERT_TRUE(gate->start());
    }

    void TearDown() override {
        on_lane([this] { stream.reset(); });
        gate->stop();
        lane.stop();
    }

    virtual GateOptions gate_options() {
        return {.listen = {"127.0.0.1:0"}, .write_timeout = 200ms};
    }

    void take(Exchange exchange) {
        lane.post([this, exchange = std::move(exchange)]() mutable {
            stream = std::make_unique<EventStream>(lane, std::move(exchange), options);
            stream->listen(&listener);
            streams.fetch_add(1);
        });
    }

    // Runs `task` on the lane and waits for it.
    void on_lane(std::function<void()> task) {
        std::promise<void> done;
        auto finished = done.get_future();
        lane.post([&] {
            task();
            done.set_value();
        });
        ASSERT_EQ(finished.wait_for(wait_limit), std::future_status::ready);
    }

    // Connects, asks, and waits for the stream.
    LoopbackClient open_stream(const std::string& request = stream_request, int buffer = 0) {
        LoopbackClient client(gate->addresses()[0], buffer);
        const int before = streams;
        client.send(request);
        EXPECT_TRUE(eventually([&] { return streams > before; }));
        return client;
    }

    void send_head(const std::vector<std::pair<std::string, std::string>>& headers = {}) {
        on_lane([&] {
            stream->send_head(headers);
            stream->flush();
        });
    }

    void send_event(const std::string& bytes) {
        on_lane([&] {
            stream->add(bytes);
            stream->flush();
        });
    }

    void finish() {
        on_lane([&] { EventStream::finish(std::move(stream)); });
    }

    size_t pending() {
        size_t bytes = 0;
        on_lane([&] { bytes = stream->pending_bytes(); });
        return bytes;
    }

    // How often the lane wakes up in 100 ms in which it has nothing to do: seldom, or it spins.
    int turns_of_an_idle_lane() {
        on_lane([&] { lane.loop().after_each_turn([&] { ++turns; }); });
        std::promise<void> later;
        on_lane([&] { lane.loop().after(100ms, [&] { later.set_value(); }); });
        EXPECT_EQ(later.get_future().wait_for(wait_limit), std::future_status::ready);
        return turns;
    }

    // Adds 16 KiB events until the socket takes no more and the stream is full.
    void fill() {
        on_lane([&] {
            while (!stream->full()) stream->add(std::string(16 * 1024, 'x'));
        });
    }

    Resolver resolver;
    Lane lane{0, resolver};
    EventStreamOptions options;
    Listener listener;
    std::unique_ptr<EventStream> stream;  // [lane]
    std::atomic<int> streams{0};
    std::atomic<int> turns{0};  // of the lane
    std::optional<Gate> gate;
};

}  // namespace patchbay::net::testing
