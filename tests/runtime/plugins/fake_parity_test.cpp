// The fake host of the SDK answers as this one does: the same calls, asked of both.
#include "runtime/plugins/authenticator.hpp"
#include "runtime/plugins/job_pool.hpp"
#include "runtime/plugins/middleware.hpp"
#include "runtime/plugins/run_scope.hpp"
#include "tests/runtime/plugins/fake_parity_asker.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <patchbay/testing/fake_host.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace patchbay::plugins {
namespace {

using testing::FakeHost;

struct Row {
    const char* owner;  // "provider", "agent", "auth", "middleware"
    const char* what;
    Question question;
};

const Row rows[] = {
    {"provider", "events of all sizes",
     [](Asker& host) {
         host(emit(host, 100));
         host(emit(host, 65536));
         host(emit(host, 65537));
     }},
    {"provider", "256 KiB at once", [](Asker& host) { host(emit(host, 64 * 1024, 4)); }},
    {"provider", "300 KiB at once",
     [](Asker& host) {
         host(emit(host, 60 * 1024, 5));
         host(emit(host, 1));
     }},
    {"provider", "on after PAUSE",
     [](Asker& host) { repeat(host, 8, [&] { return emit(host, 60 * 1024); }); }},
    {"provider", "on after PAUSE, without a text",
     [](Asker& host) {
         host(emit(host, 60 * 1024));
         repeat(host, 4100,
                [&] { return emit(host, {.kind = PATCHBAY_EVENT_PROGRESS, .percent = 1}); });
     }},
    {"provider", "events that are amiss",
     [](Asker& host) {
         host(emit(host, delta("\xFF")));
         auto event = delta("x");
         event.channel = 7;
         host(emit(host, event));
         event = {.kind = PATCHBAY_EVENT_PROGRESS};
         event.percent = 101;
         host(emit(host, event));
         host(emit(host, {.kind = PATCHBAY_EVENT_USAGE}));
         host(emit(host, {.kind = 99}));
         host(host.stream().emit(host.host, host.owner, nullptr, 1));
         host(host.stream().emit(host.host, host.owner, nullptr, 0));
     }},
    {"provider", "a second end",
     [](Asker& host) {
         host(finish(host));
         host(finish(host));
         host(emit(host, 1));
         host(start_timer(host));
         host(run_job(host));
         host(post(host));
     }},
    {"provider", "an unknown end", [](Asker& host) { host(finish(host, 99)); }},
    {"provider", "what only a run has", ask_for_a_run},
    {"provider", "timers",
     [](Asker& host) {
         patchbay_handle timer{};
         host(start_timer(host, 24 * hour_us + 1, timer));
         host(start_timer(host, 24 * hour_us, timer));
         host(host.timer().cancel(host.host, timer));
         host(host.timer().cancel(host.host, timer));
         host(host.timer().start(host.host, host.owner, 1, nullptr, nullptr, &timer));
         repeat(host, 65, [&] { return start_timer(host); });
     }},
    {"provider", "posts",
     [](Asker& host) {
         host(post(host, nullptr));
         repeat(host, 1030, [&] { return post(host); });
     }},
    {"provider", "jobs", [](Asker& host) { host(run_job(host, nullptr)); }},
    {"provider", "HTTP",
     [](Asker& host) {
         host(start_http(host, "ftp://127.0.0.1/"));
         host(start_http(host, "http://127.0.0.1:9/", 1u << 30));
         host(start_http(host, "http://127.0.0.1:9/", PATCHBAY_HTTP_SPLIT_SSE));  // and no event()
         repeat(host, 65, [&] { return start_http(host, "http://127.0.0.1:9/"); });
     }},
    {"provider", "another thread",
     [](Asker& host) {
         patchbay_handle timer{};
         host(start_timer(host, hour_us, timer));
         elsewhere(host, [&] { return emit(host, 1); });
         elsewhere(host, [&] { return finish(host); });
         elsewhere(host, [&] { return start_timer(host); });
         elsewhere(host, [&] { return host.timer().cancel(host.host, timer); });
         elsewhere(host, [&] { return run_job(host); });
         elsewhere(host, [&] { return post(host); });
     }},
    {"agent", "what a run has", ask_for_a_run},
    {"agent", "what a run that ends has no more",
     [](Asker& host) {
         finish(host);
         host(start_child(host));
         host(call_tool(host));
         host(ask_person(host, "May I?"));
         host(read_history(host));
     }},
    {"agent", "children",
     [](Asker& host) {
         patchbay_handle child{};
         host(start_child(host, "{}"));
         host(start_child(host, "[1"));
         host(start_child(host, child));
         host(host.chat().resume(host.host, child));
         host(host.chat().cancel(host.host, child));
         host(host.chat().cancel(host.host, child));
         host(host.tools().cancel(host.host, child));
         host(host.timer().cancel(host.host, child));
         repeat(host, 16, [&] { return start_child(host); });
     }},
    {"agent", "calls of tools",
     [](Asker& host) {
         patchbay_handle call{};
         host(call_tool(host, ""));
         host(call_tool(host, "[]"));
         host(call_tool(host, "{} {}"));
         host(call_tool(host, call));
         host(host.tools().cancel(host.host, call));
         host(host.tools().cancel(host.host, call));
         host(host.chat().cancel(host.host, call));
         host(host.chat().resume(host.host, call));
         patchbay_handle timer{};
         start_timer(host, hour_us, timer);
         host(host.tools().cancel(host.host, timer));
         repeat(host, 16, [&] { return call_tool(host); });
     }},
    {"agent", "questions",
     [](Asker& host) {
         host(ask_person(host, ""));
         host(ask_person(host, "\xFF"));
         host(ask_person(host, "May I?", "[]"));
         host(ask_person(host, "May I?", "{}", -1));
         host(ask_person(host, "May I?", "{}", int64_t{31} * 24 * 3600 * 1000));
         repeat(host, 17, [&] { return ask_person(host, "May I?", "{}"); });
     }},
    {"agent", "reads", [](Asker& host) { repeat(host, 5, [&] { return read_history(host); }); }},
    {"agent", "another thread",
     [](Asker& host) {
         patchbay_handle child{};
         patchbay_handle call{};
         start_child(host, child);
         call_tool(host, call);
         elsewhere(host, [&] { return start_child(host); });
         elsewhere(host, [&] { return host.chat().resume(host.host, child); });
         elsewhere(host, [&] { return host.chat().cancel(host.host, child); });
         elsewhere(host, [&] { return call_tool(host); });
         elsewhere(host, [&] { return host.tools().cancel(host.host, call); });
         elsewhere(host, [&] { return read_history(host); });
         elsewhere(host, [&] { return ask_person(host, "May I?"); });
     }},
    {"auth", "what only a run has", ask_for_a_run},
    {"auth", "what a request has",
     [](Asker& host) {
         host(start_timer(host));
         host(post(host));
         host(emit(host, 1));
         host(finish(host));
     }},
    {"middleware", "what only a run has", ask_for_a_run},
    {"middleware", "its out",
     [](Asker& host) {
         host(start_timer(host));
         host.owner = host.out;
         host(emit(host, 1));
         host(finish(host));
         host(start_timer(host));
         host(post(host));
         ask_for_a_run(host);
     }},
};

// --- both hosts ---------------------------------------------------------------------------------

// Answers nothing, as far as statuses are asked for.
class SilentRun : public RunScope {
public:
    Result<Pending*> start_child(const patchbay_chat_start&, ChildListener&) override {
        return new Silence;
    }
    std::shared_ptr<const std::string> tools_json() override {
        return std::make_shared<const std::string>("[]");
    }
    Result<Pending*> call_tool(const patchbay_tool_start&, OnAnswered<ToolOutput>) override {
        return new Silence;
    }
    Result<Pending*> ask(const patchbay_question&, OnAnswered<Decision>) override {
        return new Silence;
    }
    Result<Pending*> read_history(uint32_t, OnAnswered<std::string>) override {
        return new Silence;
    }

private:
    struct Silence : Pending {
        void drop() override { delete this; }
    };
};

// Reads nothing: what it is handed waits, as in an engine whose reader is the next turn.
class FullListener : public AnswerListener {
public:
    patchbay_status on_events(std::span<const patchbay_event> events) override {
        constexpr uint64_t high_mark = 16 * 1024;
        for (const auto& event : events) waiting_ += event.text.size;
        return waiting_ > high_mark ? PATCHBAY_PAUSE : PATCHBAY_OK;
    }
    void on_finish(uint32_t, const Error*) override {}

private:
    uint64_t waiting_ = 0;
};

class FakeParityTest : public LaneTest, public ::testing::WithParamInterface<size_t> {
protected:
    std::vector<patchbay_status> asked_of_this_host(const Row& row) {
        const InstanceSpec spec{.name = "asker", .library = "asker", .config_json = "{}"};
        const auto no_limit = std::make_shared<FaultLimit>();
        no_limit->count = 0;
        HostServices services{.jobs = &pool, .version = "0.0.0", .fault_limit = no_limit};
        auto made = Instance::create(spec, Library{.path = "/asker.so", .entry = &entry},
                                     std::make_shared<const HostServices>(std::move(services)));
        EXPECT_TRUE(made);
        answers.clear();
        on_lane([&] { open(row.owner, *made); });
        EXPECT_TRUE(all_closed());
        return std::move(answers);
    }

    static std::vector<patchbay_status> asked_of_the_fake(const Row& row) {
        FakeHost host;
        EXPECT_TRUE(host.create(entry));
        answers.clear();
        const std::string owner = row.owner;
        if (owner == "provider")
            EXPECT_TRUE(host.open(patchbay::testing::ChatInput{}));
        else if (owner == "agent")
            EXPECT_TRUE(host.open(patchbay::testing::AgentInput{}));
        else if (owner == "auth")
            host.check({});
        else
            host.turn({});
        return std::move(answers);
    }

private:
    void open(const std::string& owner, const InstanceRef& plugin) {
        if (owner == "provider")
            EXPECT_TRUE(Answer::open(lane, plugin, ChatCall{.messages_json = "[]"}, reader));
        else if (owner == "agent")
            EXPECT_TRUE(Answer::open(lane, plugin, AgentCall{}, reader, silent));
        else if (owner == "auth")
            authenticate(lane, {{"asker", plugin}}, {}, [](const auto&) {});
        else
            ask_about_turn(lane, plugin, {}, [](const auto&) {});
    }

    JobPool pool{{.threads = 2, .queue_limit = 1000}};
    SilentRun silent;
    FullListener reader;
};

TEST_P(FakeParityTest, TheFakeHostAnswersAsThisOne) {
    const auto& row = rows[GetParam()];
    SCOPED_TRACE(std::string(row.owner) + ": " + row.what);
    question = &row.question;

    const auto expected = asked_of_this_host(row);
    const auto found = asked_of_the_fake(row);

    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, FakeParityTest, ::testing::Range<size_t>(0, std::size(rows)));

}  // namespace
}  // namespace patchbay::plugins
