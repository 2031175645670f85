// What the fake host makes of figures, calls of tools and answers of middleware that are amiss.
#include <patchbay/testing/fake_host.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace {

using patchbay::ErrorCode;
using patchbay::testing::FakeHost;
using Faults = std::vector<std::string>;

const patchbay_host* host_of_plugin = nullptr;
uint32_t figure = 0;
patchbay_handle called = {};
std::vector<patchbay_status> cancels;
patchbay_status verdict_of_request = PATCHBAY_OK;
std::vector<std::string> heard;

template <class Table>
const Table& interface_of_host(std::string_view name) {
    return *static_cast<const Table*>(
        host_of_plugin->get_interface(host_of_plugin, patchbay::view_of(name)));
}

const patchbay_middleware_1 middleware = {
    .on_request = [](void* instance, const patchbay_turn*, patchbay_request, patchbay_stream,
                     void** state) -> patchbay_status {
        *state = instance;
        return verdict_of_request;
    },
    .cancel = [](void*, patchbay_reason) { heard.push_back("cancel"); },
    .on_events = [](void*, const patchbay_event*, uint32_t) -> patchbay_status { return 7; },
    .on_end = nullptr,
    .close = [](void*) {}};

const patchbay_agent_1 agent = {
    .open = [](void* instance, const patchbay_agent_request*, patchbay_stream stream,
               void** answer) -> patchbay_status {
        *answer = instance;
        const auto& tools = interface_of_host<patchbay_tools_1>(PATCHBAY_TOOLS_1);
        patchbay_tool_start call = {};
        call.name = patchbay::view_of("t");
        call.arguments_json = patchbay::view_of("{}");
        static patchbay_stream own;
        own = stream;
        const auto done = [](void*, const patchbay_tool_end*) {
            const auto& streams = interface_of_host<patchbay_stream_1>(PATCHBAY_STREAM_1);
            streams.finish(host_of_plugin, own, PATCHBAY_FINISH_STOP, nullptr);
        };
        tools.call(host_of_plugin, stream, &call, done, nullptr, &called);
        for (int i = 0; i < 2; ++i) cancels.push_back(tools.cancel(host_of_plugin, called));
        return PATCHBAY_OK;
    },
    .resume = [](void*) {},
    .cancel = [](void*, patchbay_reason) {},
    .close = [](void*) {},
    .methods = nullptr};

const patchbay_plugin plugin = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.amiss",
    .version = "1",
    .about_json = "",
    .create = [](const patchbay_host* host, patchbay_str, void** instance) -> patchbay_status {
        host_of_plugin = host;
        *instance = &figure;
        patchbay_metric metric = {};
        metric.name = patchbay::view_of("height");
        metric.kind = PATCHBAY_METRIC_GAUGE;
        return interface_of_host<patchbay_metrics_1>(PATCHBAY_METRICS_1)
            .define(host, &metric, &figure);
    },
    .destroy = [](void*) {},
    .get_interface = [](patchbay_str id) -> const void* {
        return patchbay::text_of(id) == PATCHBAY_AGENT_1 ? static_cast<const void*>(&agent)
                                                         : &middleware;
    }};

class FakeConductTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(host.create(plugin, "{}")); }

    FakeHost host;
};

TEST_F(FakeConductTest, AFigureThatIsNotFiniteIsRefused) {
    const auto& metrics = interface_of_host<patchbay_metrics_1>(PATCHBAY_METRICS_1);
    for (const double value :
         {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_EQ(metrics.set(host_of_plugin, figure, nullptr, 0, value), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(metrics.add(host_of_plugin, figure, nullptr, 0, value), PATCHBAY_E_BAD_REQUEST);
    }
    EXPECT_EQ(metrics.set(host_of_plugin, figure, nullptr, 0, 1), PATCHBAY_OK);
}

TEST_F(FakeConductTest, AFigureWithAnotherNumberOfLabelsIsRefused) {
    const auto& metrics = interface_of_host<patchbay_metrics_1>(PATCHBAY_METRICS_1);
    const auto label = patchbay::view_of("a");

    EXPECT_EQ(metrics.set(host_of_plugin, figure, &label, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(metrics.add(host_of_plugin, figure, &label, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host.faults().size(), 2u);
}

TEST_F(FakeConductTest, AToolsCallMayBeCancelledTwiceUntilItIsOver) {
    cancels.clear();
    ASSERT_TRUE(host.open(patchbay::testing::AgentInput{}));
    host.run();

    EXPECT_EQ(cancels, (std::vector<patchbay_status>{PATCHBAY_OK, PATCHBAY_OK}));
    EXPECT_EQ(interface_of_host<patchbay_tools_1>(PATCHBAY_TOOLS_1).cancel(host_of_plugin, called),
              PATCHBAY_E_STALE);
}

TEST_F(FakeConductTest, AnUnknownStatusOfOnRequestRefusesTheTurn) {
    verdict_of_request = 3;

    const auto& turn = host.turn();
    verdict_of_request = PATCHBAY_OK;

    ASSERT_TRUE(turn.refused());
    EXPECT_EQ(turn.refused()->code, ErrorCode::internal);
    EXPECT_EQ(host.faults(), Faults{"on_request returned an unknown status"});
}

TEST_F(FakeConductTest, AReasonThatAnotherThreadGivesIsNoReason) {
    patchbay_error error = {};
    error.code = PATCHBAY_E_LIMIT;
    std::thread([&] { host_of_plugin->set_error(host_of_plugin, &error); }).join();
    verdict_of_request = PATCHBAY_E_FORBIDDEN;

    const auto& turn = host.turn();
    verdict_of_request = PATCHBAY_OK;

    EXPECT_EQ(turn.refused()->code, ErrorCode::forbidden);
    EXPECT_EQ(host.faults(), Faults{"on_request failed without set_error"});
}

TEST_F(FakeConductTest, ATurnThatIsCancelledHearsItBeforeItsTimers) {
    verdict_of_request = PATCHBAY_PENDING;

    auto& turn = host.turn();
    verdict_of_request = PATCHBAY_OK;
    const auto& timers = interface_of_host<patchbay_timer_1>(PATCHBAY_TIMER_1);
    patchbay_handle timer = {};
    heard.clear();
    ASSERT_EQ(timers.start(
                  host_of_plugin, turn.handle(), 1000,
                  [](void*, patchbay_status) { heard.push_back("timer"); }, nullptr, &timer),
              PATCHBAY_OK);
    turn.cancel();
    host.run();

    EXPECT_EQ(heard, (Faults{"cancel", "timer"}));
}

TEST_F(FakeConductTest, AnUnknownStatusOfOnEventsFailsTheAnswer) {
    auto& turn = host.turn();

    EXPECT_FALSE(turn.send_text("x"));

    ASSERT_TRUE(turn.failed());
    EXPECT_EQ(turn.failed()->code, ErrorCode::internal);
    EXPECT_EQ(turn.text(), "");
    EXPECT_EQ(host.faults(), Faults{"on_events returned an unknown status"});
}

}  // namespace
