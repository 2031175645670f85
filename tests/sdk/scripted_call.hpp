// An agent and a tool whose coroutine each test writes itself, in the fake host.
#pragma once

#include <patchbay/agent.hpp>
#include <patchbay/testing/fake_host.hpp>
#include <patchbay/tool.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

struct CallScripts {
    std::function<patchbay::task<>(patchbay::AgentCall&)> agent;
    std::function<patchbay::task<std::string>(patchbay::ToolRun&)> tool;
};

// The address of the scripts travels in the config.
class ScriptedCalls : public patchbay::Agent, public patchbay::Tool {
public:
    ScriptedCalls(const patchbay::Host&, std::string_view config)
        : scripts_(*reinterpret_cast<const CallScripts*>(std::stoull(std::string(config)))) {}

private:  // the tables reach these by their base
    patchbay::task<> run(patchbay::AgentCall& call) override { return scripts_.agent(call); }
    std::string_view describe() override { return R"([{"name":"act"}])"; }
    patchbay::task<std::string> call(patchbay::ToolRun& run) override { return scripts_.tool(run); }

    const CallScripts& scripts_;
};

inline constexpr patchbay::PluginInfo scripted_info = {.id = "org.example.calls",
                                                       .version = "1.0.0"};
inline constexpr patchbay_plugin scripted_plugin =
    patchbay::detail::make_plugin<ScriptedCalls, scripted_info>();

class CallLayerTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(
            host.create(scripted_plugin, std::to_string(reinterpret_cast<uintptr_t>(&scripts))));
    }
    void TearDown() override {
        host.shut_down();
        EXPECT_EQ(host.faults(), std::vector<std::string>());
    }

    using AgentScript = std::function<patchbay::task<>(patchbay::AgentCall&)>;
    using ToolScript = std::function<patchbay::task<std::string>(patchbay::ToolRun&)>;

    // Starts an answer. The script's captures must outlive it: they are the test's locals.
    patchbay::testing::FakeStream& ask(AgentScript script,
                                       const patchbay::testing::AgentInput& input = {}) {
        scripts.agent = std::move(script);
        const auto answer = host.open(input);
        if (!answer) throw std::runtime_error(answer.error().message);
        return **answer;
    }
    patchbay::testing::FakeStream& call(ToolScript script,
                                        const patchbay::testing::ToolInput& input = {
                                            .name = "act"}) {
        scripts.tool = std::move(script);
        const auto started = host.call(input);
        if (!started) throw std::runtime_error(started.error().message);
        return **started;
    }

    patchbay::testing::FakeStream& run(patchbay::testing::FakeStream& stream) {
        EXPECT_TRUE(host.run_until([&] { return stream.closed(); }));
        return stream;
    }

    static void expect_failed(const patchbay::testing::FakeStream& stream, patchbay::ErrorCode code,
                              const std::string& message) {
        EXPECT_EQ(stream.finish_reason(), PATCHBAY_FINISH_ERROR);
        ASSERT_TRUE(stream.error());
        EXPECT_EQ(stream.error()->code, code);
        EXPECT_EQ(stream.error()->message, message);
    }

    CallScripts scripts;
    patchbay::testing::FakeHost host;
};
