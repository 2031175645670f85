// A gate on a free port, with a handler that echoes, for tests.
#pragma once

#include "runtime/net/gate.hpp"
#include "tests/runtime/net/loopback_client.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::net::testing {

inline const std::string get_request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// Says what it was asked: "GET /a <body>".
inline void echo(Exchange exchange) {
    const auto& request = exchange.request();
    Response response{.headers = {{"Content-Type", "text/plain"}},
                      .body = request.getMethod() + " " + request.getURI() + " " + exchange.body()};
    exchange.reply(std::move(response));
}

class GateTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "gate_test_XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }

    void TearDown() override {
        gate.reset();
        std::filesystem::remove_all(folder);
    }

    void start(GateOptions options = {}, Gate::Handler handler = echo) {
        if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
        gate.emplace(std::move(options), std::move(handler));
        const auto started = gate->start();
        ASSERT_TRUE(started) << started.error().message;
    }

    LoopbackClient connect(int receive_buffer = 0) {
        return LoopbackClient(gate->addresses().at(0), receive_buffer);
    }

    // What the gate answers to `request`, up to the end that it makes.
    std::string whole_answer(std::string_view request) {
        LoopbackClient client = connect();
        client.send(request);
        return client.read_to_end();
    }

    uint64_t open() const { return gate->counters().open.load(); }

    std::string folder;
    std::optional<Gate> gate;
};

inline bool has_status(const std::string& response, int status) {
    return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

inline std::string body_of(const std::string& response) {
    return response.substr(std::min(response.size(), response.find("\r\n\r\n") + 4));
}

}  // namespace patchbay::net::testing
