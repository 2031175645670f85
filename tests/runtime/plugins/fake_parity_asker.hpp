// A plugin of every kind that asks its host one thing, and the things that it may ask: for
// fake_parity_test.cpp.
#pragma once

#include "tests/runtime/plugins/lane_test.hpp"

#include <patchbay/abi/agent.h>
#include <patchbay/abi/history.h>
#include <patchbay/abi/kv.h>
#include <patchbay/abi/middleware.h>
#include <patchbay/abi/secrets.h>
#include <patchbay/abi/worker.h>
#include <patchbay/testing/fake_host.hpp>
#include <patchbay/view.hpp>

namespace patchbay::plugins {
namespace {

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
    const patchbay_kv_1& kv() const { return table<patchbay_kv_1>(PATCHBAY_KV_1); }
    const patchbay_secrets_1& secrets() const {
        return table<patchbay_secrets_1>(PATCHBAY_SECRETS_1);
    }

    void operator()(patchbay_status answer) { answers.push_back(answer); }
};

using Question = std::function<void(Asker&)>;

const patchbay_host* host_of_plugin = nullptr;
const Question* question = nullptr;
bool asks_in_create = false;
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

patchbay_status create(const patchbay_host* host, patchbay_str, void** instance) {
    host_of_plugin = host;
    *instance = &answers;
    if (asks_in_create) ask({});
    return PATCHBAY_OK;
}
void destroy(void*) {}

const void* every_table(patchbay_str id) {
    const auto name = string_of(id);
    if (name == PATCHBAY_PROVIDER_1) return &provider;
    if (name == PATCHBAY_AGENT_1) return &agent;
    if (name == PATCHBAY_AUTH_1) return &auth;
    if (name == PATCHBAY_MIDDLEWARE_1) return &middleware;
    return nullptr;
}

const void* table_of_provider(patchbay_str id) {
    return string_of(id) == PATCHBAY_PROVIDER_1 ? &provider : nullptr;
}

constexpr patchbay_plugin entry{
    PATCHBAY_ABI_MAJOR, PATCHBAY_ABI_DRAFT, "org.example.asker", "1.0.0", "", create, destroy,
    every_table};

// The same, which checks no credentials.
constexpr patchbay_plugin entry_without_auth{
    PATCHBAY_ABI_MAJOR, PATCHBAY_ABI_DRAFT, "org.example.asker", "1.0.0", "", create, destroy,
    table_of_provider};

// --- what is asked ------------------------------------------------------------------------------

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

// What it says, and how long what it lends is.
void resolve(Asker& host, const char* reference) {
    patchbay_str value{};
    host(host.secrets().resolve(host.host, text_of(reference), &value));
    host(static_cast<patchbay_status>(value.size));
}

patchbay_status find_credential(Asker& host, const char* id) {
    patchbay_credential credential{};
    return host.secrets().find_credential(host.host, text_of(id), &credential);
}

patchbay_status get(Asker& host, std::string_view key, patchbay_kv_done done = ignore_history) {
    return host.kv().get(host.host, host.owner, view_of(key), done, nullptr);
}

patchbay_status put(Asker& host, std::string_view key, std::string_view value,
                    patchbay_kv_done done = ignore_history) {
    return host.kv().put(host.host, host.owner, view_of(key), view_of(value), 0, done, nullptr);
}

patchbay_status remove(Asker& host, std::string_view key, patchbay_kv_done done = ignore_history) {
    return host.kv().remove(host.host, host.owner, view_of(key), done, nullptr);
}

patchbay_status list(Asker& host, std::string_view prefix, std::string_view after,
                     patchbay_kv_done done = ignore_history) {
    return host.kv().list(host.host, host.owner, view_of(prefix), view_of(after), done, nullptr);
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

}  // namespace
}  // namespace patchbay::plugins
