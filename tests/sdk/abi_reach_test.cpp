// What the C++ layer says of itself and its errors is all that the ABI can say.
#include "scripted_call.hpp"

#include <patchbay/auth.hpp>
#include <patchbay/provider.hpp>

namespace {

using namespace std::chrono_literals;
using patchbay::AgentCall;
using patchbay::ErrorCode;
using patchbay::task;

constexpr patchbay::PluginInfo modest = {
    .id = "org.example.modest", .version = "1", .model = "none"};

// Overrides privately, as every kind may.
class Private : public patchbay::Provider, public patchbay::Auth {
public:
    explicit Private(const patchbay::Host&) {}

private:
    patchbay::Status open(const patchbay::ChatRequest&, patchbay::Stream stream) override {
        stream.tool_failure("call-1", R"({"why":"no"})");
        stream.custom("mood", R"({"good":true})");
        stream.fail({.code = ErrorCode::limit, .message = "full", .extra_json = R"({"n":1})"});
        return nullptr;
    }
    std::string_view models() override { return R"([{"id":"m"}])"; }
    patchbay::Decision check(const patchbay::ClientRequest&, patchbay::Request) override {
        return patchbay::NotMine{};
    }
};

constexpr patchbay_plugin plugin = patchbay::detail::make_plugin<Private, modest>();

class AbiReachTest : public CallLayerTest {};

TEST_F(AbiReachTest, APluginSaysThatItAsksNoModel) {
    EXPECT_NE(std::string_view(plugin.about_json).find(R"(,"model":"none",)"),
              std::string_view::npos)
        << plugin.about_json;
}

TEST_F(AbiReachTest, PrivateOverridesAreReachedAndSayAllKindsOfEvents) {
    patchbay::testing::FakeHost other;
    ASSERT_TRUE(other.create(plugin));

    const auto answer = other.open();
    ASSERT_TRUE(answer);
    const auto& events = (*answer)->events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].kind, PATCHBAY_EVENT_TOOL_RESULT);
    EXPECT_EQ(events[0].flags, PATCHBAY_EVENT_FAILED);
    EXPECT_EQ(events[0].id, "call-1");
    EXPECT_EQ(events[1].kind, PATCHBAY_EVENT_CUSTOM);
    EXPECT_EQ(events[1].name, "mood");
    EXPECT_EQ((*answer)->error()->extra_json, R"({"n":1})");
    EXPECT_EQ(other.models(), R"([{"id":"m"}])");
    EXPECT_TRUE(other.check({}).not_mine());
}

TEST_F(AbiReachTest, AToolsCallCanBeCancelled) {
    host.tools().answer("slow", "{}", 1h);
    bool cancelled = false;
    auto& answer = ask([&](AgentCall& call) -> task<> {
        patchbay::WantedCall wanted;
        wanted.name = "slow";
        wanted.arguments_json = "{}";
        const auto running = patchbay::start_tool(
            call.stream(), wanted, [&](const patchbay::Result<patchbay::ToolAnswer>& end) {
                cancelled = !end && end.error().code == ErrorCode::cancelled;
            });
        running->cancel();
        co_await call.sleep(1s);
    });
    run(answer);

    EXPECT_TRUE(cancelled);
    EXPECT_TRUE(host.tools().calls()[0].cancelled);
}

}  // namespace
