// The fake host of the SDK answers as this one does: the same calls, asked of both.
#include "runtime/plugins/authenticator.hpp"
#include "runtime/plugins/job_pool.hpp"
#include "runtime/plugins/middleware.hpp"
#include "runtime/plugins/run_scope.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <patchbay/abi/agent.h>
#include <patchbay/abi/history.h>
#include <patchbay/abi/middleware.h>
#include <patchbay/abi/worker.h>
#include <patchbay/testing/fake_host.hpp>
#include <patchbay/view.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace patchbay::plugins {
namespace {

using testing::FakeHost;

// --- a plugin of every kind, which asks its host one thing ---------------------------------------

// What a question may use: the host, and what it is called for.
struct Asker {
    const patchbay_host* host;
    patchbay_handle owner;              // the stream or the request
    patchbay_handle out = {.bits = 0};  // of a middleware
    std::vector<patchbay_status> answers = {};

    template <class Table>
    const Table& table(const char* id) const {
        return *static_cast<const Table*>(host->get_interface(host, view_of(std::string_view(id))));
    }
    const patchbay_stream_1& stream() const { return table<patchbay_stream_1>(PATCHBAY_STREAM_1); }
    const patchbay_timer_1& timer() const { return table<patchbay_timer_1>(PATCHBAY_TIMER_1); }
    const patchbay_http_1& http() const { return table<patchbay_http_1>(PATCHBAY_HTTP_1); }
    const patchbay_chat_1& chat() const { return table<patchbay_chat_1>(PATCHBAY_CHAT_1); }
    const patchbay_tools_1& tools() const { return table<patchbay_tools_1>(PATCHBAY_TOOLS_1); }

    void operator()(patchbay_status answer) { answers.push_back(answer); }
};

using Question = std::function<void(Asker&)>;

const patchbay_host* host_of_plugin = nullptr;
const Question* question = nullptr;
std::vector<patchbay_status> answers;

void ask(patchbay_handle owner, patchbay_handle out = {.bits = 0}) {
    Asker asker{.host = host_of_plugin, .owner = owner, .out = out};
    (*question)(asker);
    answers = std::move(asker.answers);
}

patchbay_status ask_and_finish(patchbay_stream stream) {
    ask(stream);
    const auto* const table = static_cast<const patchbay_stream_1*>(host_of_plugin->get_interface(
        host_of_plugin, view_of(std::string_view(PATCHBAY_STREAM_1))));
    table->finish(host_of_plugin, stream, PATCHBAY_FINISH_STOP, nullptr);
    return PATCHBAY_OK;
}

void resume(void*) {}
void cancel(void*, patchbay_reason) {}
void close(void*) {}

constexpr patchbay_provider_1 provider{
    [](void*, const patchbay_chat_request*, patchbay_stream stream, void**) {
        return ask_and_finish(stream);
    },
    resume, cancel, close, nullptr};

constexpr patchbay_agent_1 agent{[](void*, const patchbay_agent_request*, patchbay_stream stream,
                                    void**) { return ask_and_finish(stream); },
                                 resume, cancel, close, nullptr};

constexpr patchbay_auth_1 auth{
    [](void*, const patchbay_http_request*, patchbay_request request, void**) {
        ask(request);
        return patchbay_status{PATCHBAY_NOT_MINE};
    },
    cancel, close};

constexpr patchbay_middleware_1 middleware{
    [](void*, const patchbay_turn*, patchbay_request request, patchbay_stream out, void**) {
        ask(request, out);
        return patchbay_status{PATCHBAY_OK};
    },
    nullptr, nullptr, nullptr, close};

constexpr patchbay_plugin entry{PATCHBAY_ABI_MAJOR,
                                PATCHBAY_ABI_DRAFT,
                                "org.example.asker",
                                "1.0.0",
                                "",
                                [](const patchbay_host* host, patchbay_str, void** instance) {
                                    host_of_plugin = host;
                                    *instance = &answers;
                                    return patchbay_status{PATCHBAY_OK};
                                },
                                [](void*) {},
                                [](patchbay_str id) -> const void* {
                                    const auto name = string_of(id);
                                    if (name == PATCHBAY_PROVIDER_1) return &provider;
                                    if (name == PATCHBAY_AGENT_1) return &agent;
                                    if (name == PATCHBAY_AUTH_1) return &auth;
                                    if (name == PATCHBAY_MIDDLEWARE_1) return &middleware;
                                    return nullptr;
                                }};

// --- what is asked
// --------------------------------------------------------------------------------

void ignore_status(void*, patchbay_status) {}
void ignore_events(void*, const patchbay_chat_end*) {}
void ignore_tool(void*, const patchbay_tool_end*) {}
void ignore_decision(void*, const patchbay_decision*, const patchbay_error*) {}
void ignore_history(void*, patchbay_str, const patchbay_error*) {}
void ignore_error(void*, const patchbay_error*) {}
void do_nothing(void*) {}

constexpr uint64_t hour_us = 3600ull * 1000000;
constexpr patchbay_chat_handler child_handler{nullptr, ignore_events};
constexpr patchbay_http_handler call_handler{nullptr, nullptr, nullptr, ignore_error};

patchbay_status emit(Asker& host, size_t bytes, int count = 1) {
    static const std::string text(100 * 1024, 'x');
    const std::vector<patchbay_event> events(static_cast<size_t>(count),
                                             delta(std::string_view(text).substr(0, bytes)));
    return host.stream().emit(host.host, host.owner, events.data(), static_cast<uint32_t>(count));
}

patchbay_status emit(Asker& host, const patchbay_event& event) {
    return host.stream().emit(host.host, host.owner, &event, 1);
}

patchbay_status finish(Asker& host, uint32_t reason = PATCHBAY_FINISH_STOP) {
    return host.stream().finish(host.host, host.owner, reason, nullptr);
}

patchbay_status start_timer(Asker& host, uint64_t delay_us, patchbay_handle& timer) {
    return host.timer().start(host.host, host.owner, delay_us, ignore_status, nullptr, &timer);
}

patchbay_status start_timer(Asker& host) {
    patchbay_handle timer{};
    return start_timer(host, hour_us, timer);
}

patchbay_status start_http(Asker& host, const char* url, uint32_t flags = 0) {
    patchbay_http_start request{};
    request.method = text_of("GET");
    request.url = text_of(url);
    request.flags = flags;
    patchbay_handle call{};
    return host.http().start(host.host, host.owner, &request, &call_handler, nullptr, &call);
}

patchbay_status start_child(Asker& host, patchbay_handle& child, const char* messages = "") {
    patchbay_chat_start request{};
    request.messages_json = text_of(messages);
    return host.chat().start(host.host, host.owner, &request, &child_handler, nullptr, &child);
}

patchbay_status start_child(Asker& host, const char* messages = "") {
    patchbay_handle child{};
    return start_child(host, child, messages);
}

patchbay_status call_tool(Asker& host, patchbay_handle& call, const char* arguments = "{}") {
    patchbay_tool_start request{};
    request.name = text_of("act");
    request.arguments_json = text_of(arguments);
    return host.tools().call(host.host, host.owner, &request, ignore_tool, nullptr, &call);
}

patchbay_status call_tool(Asker& host, const char* arguments = "{}") {
    patchbay_handle call{};
    return call_tool(host, call, arguments);
}

patchbay_status list_tools(Asker& host) {
    patchbay_str tools{};
    return host.tools().list(host.host, host.owner, &tools);
}

patchbay_status ask_person(Asker& host, const char* text, const char* input = "",
                           int64_t expires_in_ms = 0) {
    patchbay_question asked{};
    asked.text = text_of(text);
    asked.input_json = text_of(input);
    asked.expires_in_ms = expires_in_ms;
    return host.table<patchbay_approval_1>(PATCHBAY_APPROVAL_1)
        .ask(host.host, host.owner, &asked, ignore_decision, nullptr);
}

patchbay_status read_history(Asker& host) {
    return host.table<patchbay_history_1>(PATCHBAY_HISTORY_1)
        .read(host.host, host.owner, 0, ignore_history, nullptr);
}

patchbay_status run_job(Asker& host, patchbay_job job = do_nothing) {
    return host.table<patchbay_worker_1>(PATCHBAY_WORKER_1)
        .run(host.host, host.owner, job, ignore_status, nullptr);
}

patchbay_status post(Asker& host, patchbay_posted callback = ignore_status) {
    return host.stream().post(host.host, host.owner, callback, nullptr);
}

// The answers of all, `times` over.
template <class Call>
void repeat(Asker& host, int times, Call call) {
    for (int i = 0; i < times; ++i) host(call());
}

// What `call` says on a thread that is not the lane.
template <class Call>
void elsewhere(Asker& host, Call call) {
    std::thread([&] { host(call()); }).join();
}

void ask_for_a_run(Asker& host) {
    host(start_child(host));
    host(list_tools(host));
    host(call_tool(host));
    host(ask_person(host, "May I?"));
    host(read_history(host));
}

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
