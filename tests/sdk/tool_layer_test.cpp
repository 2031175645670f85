// The C++ layer for tools and exporters.
#include <patchbay/exporter.hpp>
#include <patchbay/metrics.hpp>

#include "scripted_call.hpp"

#include <nlohmann/json.hpp>

namespace {

using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::Failed;
using patchbay::task;
using patchbay::ToolRun;
using namespace std::chrono_literals;

class ToolLayerTest : public CallLayerTest {};

TEST_F(ToolLayerTest, WhatACallReturnsIsItsResult) {
    auto& started = run(call(
        [](ToolRun& run) -> task<std::string> {
            run.stream().status("looking");
            co_await run.sleep(1s);
            co_return "{\"city\":" + patchbay::json_quoted(run.argument("city")) + "}";
        },
        {.name = "act", .arguments_json = R"({"city":"\u00c5bo"})", .call_id = "c-7"}));

    EXPECT_EQ(started.finish_reason(), PATCHBAY_FINISH_STOP);
    EXPECT_EQ(started.output(), R"({"city":"Åbo"})");
    EXPECT_EQ(started.events(PATCHBAY_EVENT_TOOL_RESULT).at(0).id, "c-7");
    EXPECT_EQ(started.events(PATCHBAY_EVENT_STATUS).at(0).text, "looking");
    EXPECT_EQ(host.describe(), R"([{"name":"act"}])");
}

TEST_F(ToolLayerTest, WhatACallThrowsIsItsError) {
    auto& told = run(call([](ToolRun&) -> task<std::string> {
        throw Failed(patchbay::user_error(ErrorCode::bad_request, "no such city"));
        co_return "";
    }));
    expect_failed(told, ErrorCode::bad_request, "no such city");
    EXPECT_TRUE(told.error()->user_safe);
    EXPECT_EQ(told.output(), "");

    auto& broken = run(call([](ToolRun& run) -> task<std::string> {
        co_await run.sleep(1s);
        throw std::runtime_error("bug");
    }));
    expect_failed(broken, ErrorCode::internal, "bug");
    EXPECT_FALSE(broken.error()->user_safe);

    scripts.tool = [](ToolRun&) -> task<std::string> { throw 42; };
    auto& thrown = run(call(scripts.tool));
    expect_failed(thrown, ErrorCode::internal, "an exception of an unknown type");
}

TEST_F(ToolLayerTest, AnOutputBeyondAnEventIsAnErrorForTheModel) {
    auto& large = run(call([](ToolRun&) -> task<std::string> {
        co_return patchbay::json_quoted(std::string(70'000, 'x'));
    }));

    expect_failed(large, ErrorCode::too_large, "the tool's output is beyond 64 KiB");
    EXPECT_TRUE(large.error()->user_safe);
}

TEST_F(ToolLayerTest, ACancelledCallHasNoResult) {
    auto& started = call([](ToolRun& run) -> task<std::string> {
        co_await run.sleep(1h);
        co_return "{}";
    });

    started.cancel();
    host.run();

    EXPECT_TRUE(started.closed());
    EXPECT_EQ(started.finish_reason(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_EQ(started.output(), "");
}

TEST_F(ToolLayerTest, AToolMayAskAModel) {
    host.children().answer({.chunks = {"four"}});

    auto& started = run(call([](ToolRun& run) -> task<std::string> {
        const auto answer = co_await run.chat({.prompt = "2 + 2"});
        co_return patchbay::json_quoted(answer.text);
    }));

    EXPECT_EQ(started.output(), "\"four\"");
}

// Sends nowhere, and counts.
class Counting : public patchbay::Exporter {
public:
    explicit Counting(const patchbay::Host& host)
        : batches_(value_or_raise(
              patchbay::define_counter(host, "batches_total", "Batches", {"outcome"}))),
          size_(value_or_raise(patchbay::define_gauge(host, "batch_bytes", "Of the last one"))),
          sizes_(value_or_raise(
              patchbay::define_histogram(host, "bytes", "Of batches", std::array{10.0, 100.0}))) {
        taken_ = !patchbay::define_gauge(host, "batch_bytes", "Again");
        bad_ = !patchbay::define_counter(host, "counter", "Without its ending");
    }

    patchbay::Result<void> export_spans(std::string_view spans) override {
        if (!taken_ || !bad_) throw std::runtime_error("two metrics of one name");
        if (spans == "throw") throw std::runtime_error("boom");
        const bool fails = spans == "fail";
        batches_.add(1, {fails ? "failed" : "sent"});
        batches_.add(1, {"one", "too many"});  // goes nowhere
        size_.set(static_cast<double>(spans.size()));
        sizes_.observe(static_cast<double>(spans.size()));
        if (fails) return patchbay::failure(ErrorCode::upstream, "nobody there");
        return {};
    }

private:
    patchbay::Counter batches_;
    patchbay::Gauge size_;
    patchbay::Histogram sizes_;
    bool taken_ = false;
    bool bad_ = false;
};

constexpr patchbay::PluginInfo counting_info = {.id = "org.example.counting", .version = "1"};
constexpr patchbay_plugin counting = patchbay::detail::make_plugin<Counting, counting_info>();

TEST(ExporterLayerTest, ABatchIsSentOrFailsWithAReason) {
    patchbay::testing::FakeHost host;
    ASSERT_TRUE(host.create(counting));

    EXPECT_TRUE(host.export_spans("[]"));
    const auto failed = host.export_spans("fail");
    const auto thrown = host.export_spans("throw");

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::upstream);
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().message, "boom");
    EXPECT_EQ(host.metrics().value("batches_total", {"sent"}), 1);
    EXPECT_EQ(host.metrics().value("batches_total", {"failed"}), 1);
    EXPECT_EQ(host.metrics().value("batch_bytes"), 4);
    EXPECT_EQ(host.metrics().value("bytes"), 6);
    EXPECT_EQ(host.metrics().value("counter"), std::nullopt);
    EXPECT_EQ(host.faults(), std::vector<std::string>());
}

TEST(ExporterLayerTest, FiguresOfAHostWithoutMetricsGoNowhere) {
    patchbay::testing::FakeHost host;
    host.hide(PATCHBAY_METRICS_1);
    class Quiet : public patchbay::Exporter {
    public:
        explicit Quiet(const patchbay::Host& own)
            : counter_(value_or_raise(patchbay::define_counter(own, "x_total", "X"))) {}
        patchbay::Result<void> export_spans(std::string_view) override {
            counter_.add();
            return {};
        }
        patchbay::Counter counter_;
    };
    static constexpr patchbay::PluginInfo info = {.id = "org.example.quiet", .version = "1"};
    const patchbay_plugin quiet = patchbay::detail::make_plugin<Quiet, info>();

    ASSERT_TRUE(host.create(quiet));
    EXPECT_TRUE(host.export_spans("[]"));
}

}  // namespace
