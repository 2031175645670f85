// Spans on their road to exporters: batches, tries, limits, and exporters that hang.
#include "runtime/observe/spans.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <latch>

namespace patchbay::observe {
namespace {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

// Keeps what it gets; behaves as the test says.
struct Exporter {
    std::mutex mutex;
    std::vector<size_t> batches;  // how many spans each has
    std::string last;
    unsigned calls = 0;
    std::vector<std::string> faults;
    std::function<Result<void>(unsigned call)> on_call;

    SpanTarget target() {
        return {.name = "it",
                .identity = std::shared_ptr<const void>(std::shared_ptr<void>(), this),
                .send = [this](std::string_view json) { return send(json); },
                .report_fault =
                    [this](std::string_view what) {
                        const std::lock_guard lock(mutex);
                        faults.emplace_back(what);
                    }};
    }
    Result<void> send(std::string_view json) {
        unsigned call = 0;
        {
            const std::lock_guard lock(mutex);
            call = ++calls;
        }
        if (on_call) {
            if (auto done = on_call(call); !done) return done;
        }
        const std::lock_guard lock(mutex);
        batches.push_back(nlohmann::json::parse(json).size());
        last = json;
        return {};
    }
    size_t exported() {
        const std::lock_guard lock(mutex);
        size_t sum = 0;
        for (const auto size : batches) sum += size;
        return sum;
    }
    // A copy of one of its members, whose threads may still be at work.
    template <class Member>
    Member read(Member Exporter::*member) {
        const std::lock_guard lock(mutex);
        return this->*member;
    }
    size_t count_of_faults() {
        const std::lock_guard lock(mutex);
        return faults.size();
    }
};

constexpr SpanOptions quick{.gather = 1ms, .first_pause = 1ms};

Span span(const std::string& name = "work") {
    const auto context = begin_span({.trace_id = {1}});
    return {.trace_id = context.trace_id,
            .span_id = context.span_id,
            .name = name,
            .start_ns = 1'700'000'000'000'000'001,
            .end_ns = 1'700'000'000'000'000'002};
}

Result<void> refuse() { return failure(ErrorCode::upstream, "no"); }

TEST(SpansTest, ASpanArrivesWithAllItHas) {
    Exporter exporter;
    Spans spans(quick);
    spans.set_targets({exporter.target()});
    Span full = span("api.stream");
    full.kind = "server";
    full.parent_span_id = full.span_id;
    full.failed = true;
    full.attributes = {
        {"text", std::string("a\xff")}, {"count", int64_t{-7}}, {"ratio", 0.5}, {"flag", true}};
    full.events = {{.name = "retry", .time_ns = 12, .attributes = {{"n", int64_t{1}}}}};

    spans.record(Span(full));

    ASSERT_TRUE(eventually([&] { return exporter.exported() == 1; }));
    const auto json = nlohmann::json::parse(exporter.read(&Exporter::last)).at(0);
    EXPECT_EQ(
        json,
        (nlohmann::json{
            {"trace_id", hex(full.trace_id)},
            {"span_id", hex(full.span_id)},
            {"parent_span_id", hex(full.span_id)},
            {"name", "api.stream"},
            {"kind", "server"},
            {"start_ns", "1700000000000000001"},
            {"end_ns", "1700000000000000002"},
            {"status", "error"},
            {"attributes",
             {{"text", "a\xef\xbf\xbd"}, {"count", -7}, {"ratio", 0.5}, {"flag", true}}},
            {"events", {{{"name", "retry"}, {"time_ns", "12"}, {"attributes", {{"n", 1}}}}}}}));
}

TEST(SpansTest, WithoutExportersNobodyWantsSpans) {
    Exporter exporter;
    Spans spans(quick);

    EXPECT_FALSE(spans.wanted());
    spans.record(span());
    EXPECT_EQ(spans.counters().recorded, 0u);
    spans.set_targets({exporter.target()});
    EXPECT_TRUE(spans.wanted());
    spans.set_targets({});
    EXPECT_FALSE(spans.wanted());
}

TEST(SpansTest, ABatchHasAtMost512Spans) {
    Exporter exporter;
    std::latch release(1);
    exporter.on_call = [&](unsigned call) {
        if (call == 1) release.wait();
        return Result<void>();
    };
    Spans spans(quick);
    spans.set_targets({exporter.target()});
    spans.record(span());
    ASSERT_TRUE(eventually([&] { return exporter.read(&Exporter::calls) == 1; }));

    for (int i = 0; i < 1300; ++i) spans.record(span());
    release.count_down();

    ASSERT_TRUE(eventually([&] { return spans.counters().exported == 1301; }));
    EXPECT_EQ(exporter.read(&Exporter::batches), (std::vector<size_t>{1, 512, 512, 276}));
    EXPECT_EQ(spans.counters().dropped, 0u);
}

TEST(SpansTest, ASlowExporterLosesWhatDoesNotFitAndTheOtherNothing) {
    Exporter slow;
    Exporter other;
    std::latch release(1);
    slow.on_call = [&](unsigned) {
        release.wait();
        return Result<void>();
    };
    Spans spans(quick);
    spans.set_targets({slow.target(), other.target()});
    spans.record(span());
    ASSERT_TRUE(eventually([&] { return slow.read(&Exporter::calls) == 1; }));

    for (int i = 0; i < 2148; ++i) {
        spans.record(span());
        // The other one keeps up.
        const auto enough = static_cast<size_t>(i < 1024 ? 0 : i - 1024);
        ASSERT_TRUE(eventually([&] { return other.exported() >= enough; }));
    }

    EXPECT_EQ(spans.counters().dropped, 100u);
    EXPECT_TRUE(eventually([&] { return other.exported() == 2149; }));
    release.count_down();
    EXPECT_TRUE(eventually([&] { return slow.exported() == 2049; }));
}

TEST(SpansTest, AFailedBatchIsTriedAgain) {
    Exporter exporter;
    exporter.on_call = [](unsigned call) { return call < 3 ? refuse() : Result<void>(); };
    Spans spans(quick);
    spans.set_targets({exporter.target()});

    spans.record(span());

    EXPECT_TRUE(eventually([&] { return exporter.exported() == 1; }));
    EXPECT_EQ(spans.counters().failed_batches, 2u);
    EXPECT_EQ(spans.counters().dropped, 0u);
}

TEST(SpansTest, ABatchThatFailsThreeTimesIsDroppedAndTheNextIsTried) {
    Exporter exporter;
    exporter.on_call = [](unsigned call) { return call <= 3 ? refuse() : Result<void>(); };
    Spans spans(quick);
    spans.set_targets({exporter.target()});
    spans.record(span());
    ASSERT_TRUE(eventually([&] { return spans.counters().dropped == 1; }));

    spans.record(span());

    EXPECT_TRUE(eventually([&] { return exporter.exported() == 1; }));
    EXPECT_EQ(exporter.read(&Exporter::calls), 4u);
    EXPECT_EQ(spans.counters().failed_batches, 3u);
}

TEST(SpansTest, ACallThatTakesTooLongIsNamedWhileItLastsAndCountsAsFailed) {
    Exporter exporter;
    std::latch release(1);
    exporter.on_call = [&](unsigned call) {
        if (call == 1) release.wait();
        return Result<void>();
    };
    auto options = quick;
    options.call_limit = 20ms;
    Spans spans(options);
    spans.set_targets({exporter.target()});

    spans.record(span());

    EXPECT_TRUE(eventually([&] { return exporter.count_of_faults() == 1; }));
    EXPECT_EQ(spans.counters().failed_batches, 1u);
    release.count_down();
    EXPECT_TRUE(eventually([&] { return spans.counters().exported == 1; }));  // the second try
    EXPECT_EQ(exporter.read(&Exporter::faults).front(),
              "exporter.export_spans has not returned within 20 ms");
}

TEST(SpansTest, AnExporterThatStaysKeepsItsQueueAndOneThatGoesGetsItsLastSpans) {
    Exporter stays;
    Exporter goes;
    auto options = quick;
    options.gather = 1h;  // until a batch is full, or it is time to leave
    Spans spans(options);
    spans.set_targets({stays.target(), goes.target()});
    spans.record(span());

    spans.set_targets({stays.target()});

    EXPECT_TRUE(eventually([&] { return goes.exported() == 1; }));
    EXPECT_EQ(stays.exported(), 0u);
    spans.record(span());
    EXPECT_TRUE(spans.stop(20s));
    EXPECT_EQ(stays.exported(), 2u);
    EXPECT_EQ(goes.exported(), 1u);
}

TEST(SpansTest, AnExporterThatGoesOffIsNotCalledAnyMore) {
    Exporter exporter;
    std::atomic<bool> on{true};
    auto target = exporter.target();
    target.is_on = [&] { return on.load(); };
    exporter.on_call = [&](unsigned) {
        on = false;
        return refuse();
    };
    Spans spans(quick);
    spans.set_targets({target});

    spans.record(span());

    EXPECT_TRUE(eventually([&] { return !spans.wanted(); }));
    spans.record(span());
    EXPECT_TRUE(spans.stop(20s));
    EXPECT_EQ(exporter.read(&Exporter::calls), 1u);
    EXPECT_EQ(spans.counters().dropped, 1u);
}

TEST(SpansTest, StopDoesNotWaitForeverForAnExporterThatHangs) {
    Exporter exporter;
    std::latch release(1);
    exporter.on_call = [&](unsigned) {
        release.wait();
        return Result<void>();
    };
    Spans spans(quick);
    spans.set_targets({exporter.target()});
    spans.record(span());
    ASSERT_TRUE(eventually([&] { return exporter.read(&Exporter::calls) == 1; }));

    EXPECT_FALSE(spans.stop(1ms));

    release.count_down();
    EXPECT_TRUE(spans.stop(20s));
}

TEST(SpansTest, ManyThreadsRecordWhileExportersComeAndGo) {
    Exporter first;
    Exporter second;
    {
        Spans spans(quick);
        spans.set_targets({first.target()});
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 2000; ++i) spans.record(span());
            });
        }
        for (int i = 0; i < 50; ++i) {
            spans.set_targets({first.target(), second.target()});
            spans.set_targets({first.target()});
        }
        threads.clear();
        EXPECT_TRUE(spans.stop(20s));
        const auto& counters = spans.counters();
        EXPECT_EQ(counters.recorded, 8000u);
        EXPECT_EQ(counters.exported, first.exported() + second.exported());
        EXPECT_GE(counters.exported + counters.dropped, 8000u);
    }
}

}  // namespace
}  // namespace patchbay::observe
