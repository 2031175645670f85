// The fake host of the SDK answers as this one does: the same calls, asked of both.
#include "runtime/config/expand.hpp"
#include "runtime/plugins/authenticator.hpp"
#include "runtime/plugins/job_pool.hpp"
#include "runtime/plugins/key_values.hpp"
#include "runtime/plugins/middleware.hpp"
#include "runtime/plugins/run_scope.hpp"
#include "tests/runtime/plugins/fake_parity_asker.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <patchbay/testing/fake_host.hpp>

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace patchbay::plugins {
namespace {

using testing::FakeHost;

struct Row {
    const char* owner;  // "provider", "agent", "auth", "middleware"; "stranger": a provider of a
                        // plugin that checks no credentials; "create": nothing is asked for yet
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
    {"create", "secrets",
     [](Asker& host) {
         for (const auto* reference :
              {"${SET}", "${EMPTY}", "${UNSET}", "${SET:-else}", "${EMPTY:-else}", "${UNSET:-else}",
               "${UNSET:-}", "plain", "", "a ${SET}, ${SET}", "$${SET}", "${SET", "${}", "${1}",
               "${a b}", "${file:none}", "${file:/nowhere/none}"})
             resolve(host, reference);
         host(host.secrets().resolve(host.host, text_of("${SET}"), nullptr));
         elsewhere(host, [&] {
             patchbay_str value{};
             return host.secrets().resolve(host.host, text_of("${SET}"), &value);
         });
         host(find_credential(host, "known"));
     }},
    {"provider", "secrets", [](Asker& host) { resolve(host, "${SET}"); }},
    {"auth", "secrets and credentials",
     [](Asker& host) {
         resolve(host, "${SET}");
         host(find_credential(host, "known"));
         host(find_credential(host, "unknown"));
         host(host.secrets().find_credential(host.host, text_of("known"), nullptr));
         elsewhere(host, [&] { return find_credential(host, "known"); });
     }},
    {"stranger", "credentials", [](Asker& host) { host(find_credential(host, "known")); }},
    {"provider", "keys and values",
     [](Asker& host) {
         const std::string large(64 * 1024 + 1, 'x');
         for (const auto& key : {std::string(), std::string(256, 'k'), std::string(257, 'k'),
                                 std::string("\xFF"), std::string("\xC3")}) {
             host(get(host, key));
             host(put(host, key, "value"));
             host(remove(host, key));
             host(list(host, key, ""));
             host(list(host, "", key));
         }
         host(put(host, "key", large));
         host(put(host, "key", large.substr(1)));
         host(put(host, "key", "\xFF"));
         host(host.kv().put(host.host, host.owner, text_of("key"), {nullptr, 1}, 0, ignore_history,
                            nullptr));
         host(host.kv().get(host.host, host.owner, {nullptr, 1}, ignore_history, nullptr));
     }},
    {"provider", "the store without a callback",
     [](Asker& host) {
         host(get(host, "key", nullptr));
         host(put(host, "key", "value", nullptr));
         host(remove(host, "key", nullptr));
         host(list(host, "", "", nullptr));
     }},
    {"auth", "the store", [](Asker& host) { repeat(host, 17, [&] { return get(host, "key"); }); }},
    {"provider", "the store when it is too late, or elsewhere",
     [](Asker& host) {
         elsewhere(host, [&] { return get(host, "key"); });
         elsewhere(host, [&] { return get(host, ""); });
         finish(host);
         host(get(host, "key"));
         host(get(host, ""));
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

// Takes everything, and answers nothing.
class SilentStore : public KeyValues {
public:
    bool start(KeyValueCall, Done done) override {
        waiting_.push_back(std::move(done));
        return true;
    }

private:
    std::vector<Done> waiting_;
};

// What both hosts know.
const std::map<std::string, std::string> variables = {{"SET", "value"}, {"EMPTY", ""}};

Result<std::string> expand(std::string_view reference) {
    return config::expand(reference, [](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    });
}

std::shared_ptr<const CredentialRecord> credential_of(std::string_view id) {
    if (id != "known") return nullptr;
    return std::make_shared<const CredentialRecord>(CredentialRecord{.id = "known"});
}

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
        asks_in_create = std::string_view(row.owner) == "create";
        const InstanceSpec spec{.name = "asker", .library = "asker", .config_json = "{}"};
        const auto no_limit = std::make_shared<FaultLimit>();
        no_limit->count = 0;
        HostServices services{.find_credential = credential_of,
                              .resolve_secret = expand,
                              .jobs = &pool,
                              .values = &store,
                              .version = "0.0.0",
                              .fault_limit = no_limit};
        answers.clear();
        auto made = Instance::create(spec, Library{.path = "/asker.so", .entry = &entry_of(row)},
                                     std::make_shared<const HostServices>(std::move(services)));
        EXPECT_TRUE(made);
        if (asks_in_create) return std::move(answers);
        on_lane([&] { open(row.owner, *made); });
        EXPECT_TRUE(all_closed());
        return std::move(answers);
    }

    static std::vector<patchbay_status> asked_of_the_fake(const Row& row) {
        FakeHost host;
        for (const auto& [name, value] : variables) host.add_secret("${" + name + "}", value);
        host.add_credential({.id = "known"});
        answers.clear();
        EXPECT_TRUE(host.create(entry_of(row)));
        const std::string owner = row.owner;
        if (owner == "create") return std::move(answers);
        if (owner == "provider" || owner == "stranger")
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
    static const patchbay_plugin& entry_of(const Row& row) {
        return std::string_view(row.owner) == "stranger" ? entry_without_auth : entry;
    }

    void open(const std::string& owner, const InstanceRef& plugin) {
        if (owner == "provider" || owner == "stranger")
            EXPECT_TRUE(Answer::open(lane, plugin, ChatCall{.messages_json = "[]"}, reader));
        else if (owner == "agent")
            EXPECT_TRUE(Answer::open(lane, plugin, AgentCall{}, reader, silent));
        else if (owner == "auth")
            authenticate(lane, {{"asker", plugin}}, {}, [](const auto&) {});
        else
            ask_about_turn(lane, plugin, {}, [](const auto&) {});
    }

    JobPool pool{{.threads = 2, .queue_limit = 1000}};
    SilentStore store;
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
