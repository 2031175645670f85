// A plugin's library in the fake host; a test that ends with a fault has failed.
#pragma once

#include <patchbay/testing/fake_host.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

class PluginUnderTest : public testing::Test {
protected:
    explicit PluginUnderTest(std::string path) : path_(std::move(path)) {}

    void TearDown() override {
        host.shut_down();
        EXPECT_EQ(host.faults(), std::vector<std::string>());
    }

    patchbay::Result<void> create(std::string_view config = "{}") {
        const auto plugin = patchbay::testing::load_plugin(path_);
        if (!plugin) return std::unexpected(plugin.error());
        return host.create(**plugin, config);
    }

    // Opens a chat that must open.
    patchbay::testing::FakeChat& open(const patchbay::testing::ChatInput& input) {
        const auto chat = host.open(input);
        if (!chat) throw std::runtime_error("open: " + chat.error().message);
        return **chat;
    }

    // An agent's answer, or a tool's call, run to its close.
    patchbay::testing::FakeStream& ask(const patchbay::testing::AgentInput& input = {}) {
        const auto answer = host.open(input);
        if (!answer) throw std::runtime_error("open: " + answer.error().message);
        return run(**answer);
    }
    patchbay::testing::FakeStream& call(const patchbay::testing::ToolInput& input) {
        const auto started = host.call(input);
        if (!started) throw std::runtime_error("call: " + started.error().message);
        return run(**started);
    }

    // Runs a chat to its close.
    patchbay::testing::FakeChat& run(patchbay::testing::FakeChat& chat) {
        EXPECT_TRUE(host.run_until([&] { return chat.closed(); }));
        return chat;
    }

    patchbay::testing::FakeHost host;

private:
    std::string path_;
};
