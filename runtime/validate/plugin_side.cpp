// The plugin's tables as the fake host sees them: every call goes through the probe, and what it
// lends is lent for that call alone.
#include "runtime/validate/session.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <memory>
#include <vector>

namespace patchbay::validate {
namespace {

constexpr std::string_view silent = "{}() failed without set_error(): nobody knows why";

// What the fake host knows as a chat's or a check's state.
struct State {
    Session* session;
    void* state;
    uint64_t stream;  // as the plugin sees it
};

const patchbay_provider_1* real_provider = nullptr;  // a child has one plugin
const patchbay_auth_1* real_auth = nullptr;

// Runs `body`, with memory that host functions may lend in it.
bool call(Session& session, const char* slot, Tag tag, LentMemory& lent,
          const std::function<void()>& body) {
    session.lent_in_call = &lent;
    const bool returned = session.probe().call(slot, tag, body);
    session.lent_in_call = nullptr;
    return returned;
}

void call(void* state, const char* slot, const std::function<void(void*)>& body) {
    auto& wrapped = *static_cast<State*>(state);
    LentMemory lent(slot, wrapped.session->probe().guards_views());
    call(*wrapped.session, slot, Tag::lane, lent, [&] { body(wrapped.state); });
}

void close(void* state, const char* slot, const std::function<void(void*)>& body) {
    call(state, slot, body);
    delete static_cast<State*>(state);
}

// --- provider -----------------------------------------------------------------------------------
patchbay_status open(void* instance, const patchbay_chat_request* request, patchbay_stream stream,
                     void** chat) {
    auto& wrapped = *static_cast<WrappedInstance*>(instance);
    auto& session = *wrapped.session;
    LentMemory lent("provider.open", session.probe().guards_views());
    auto views = *request;
    views.model = lent.text(request->model, "request.model");
    views.messages_json = lent.text(request->messages_json, "request.messages_json");
    views.options_json = lent.text(request->options_json, "request.options_json");
    views.tools_json = lent.text(request->tools_json, "request.tools_json");
    views.prefill = lent.text(request->prefill, "request.prefill");
    views.traceparent = lent.text(request->traceparent, "request.traceparent");
    views.run_id = lent.text(request->run_id, "request.run_id");
    views.extra_json = lent.text(request->extra_json, "request.extra_json");
    const auto* view = lent.object(views, "request");

    session.expect_reason();
    void* state = nullptr;
    patchbay_status status = PATCHBAY_E_INTERNAL;
    const bool returned = call(session, "provider.open", Tag::lane, lent, [&] {
        status = real_provider->open(wrapped.instance, view, session.outer_handle(stream), &state);
    });
    if (status < 0) {
        if (returned && !session.reason_given())
            session.probe().find(Breach::no_reason, fmt::format(silent, "open"));
        return status;
    }
    if (state) *chat = new State{&session, state, session.outer_handle(stream).bits};
    return status;
}

void resume(void* chat) {
    auto& wrapped = *static_cast<State*>(chat);
    wrapped.session->resumed(wrapped.stream);
    call(chat, "provider.resume", [](void* state) { real_provider->resume(state); });
}

void cancel_chat(void* chat, patchbay_reason reason) {
    call(chat, "provider.cancel", [&](void* state) { real_provider->cancel(state, reason); });
}

void close_chat(void* chat) {
    close(chat, "provider.close", [](void* state) { real_provider->close(state); });
}

patchbay_str models(void* instance) {
    auto& wrapped = *static_cast<WrappedInstance*>(instance);
    patchbay_str text = {};
    if (!real_provider->models) return text;
    wrapped.session->probe().call("provider.models", Tag::control,
                                  [&] { text = real_provider->models(wrapped.instance); });
    return text;
}

const patchbay_provider_1 provider_table = {.open = &open,
                                            .resume = &resume,
                                            .cancel = &cancel_chat,
                                            .close = &close_chat,
                                            .models = &models};

// --- auth ---------------------------------------------------------------------------------------
patchbay_status check(void* instance, const patchbay_http_request* http, patchbay_request request,
                      void** check) {
    auto& wrapped = *static_cast<WrappedInstance*>(instance);
    auto& session = *wrapped.session;
    LentMemory lent("auth.check", session.probe().guards_views());
    auto views = *http;
    views.method = lent.text(http->method, "http.method");
    views.path = lent.text(http->path, "http.path");
    views.query = lent.text(http->query, "http.query");
    views.remote = lent.text(http->remote, "http.remote");
    views.credential = lent.text(http->credential, "http.credential");
    views.scheme = lent.text(http->scheme, "http.scheme");
    std::vector<patchbay_header> headers;
    for (uint32_t i = 0; i < http->header_count; ++i)
        headers.push_back({lent.text(http->headers[i].name, "header.name"),
                           lent.text(http->headers[i].value, "header.value")});
    views.headers = lent.array(headers, "http.headers");
    const auto* view = lent.object(views, "http");

    session.expect_reason();
    void* state = nullptr;
    patchbay_status status = PATCHBAY_E_INTERNAL;
    const bool returned = call(session, "auth.check", Tag::lane, lent, [&] {
        status = real_auth->check(wrapped.instance, view, session.outer_handle(request), &state);
    });
    if (status < 0 && returned && !session.reason_given())
        session.probe().find(Breach::no_reason, fmt::format(silent, "check"));
    if (status >= 0 && state)
        *check = new State{&session, state, session.outer_handle(request).bits};
    return status;
}

void cancel_check(void* check, patchbay_reason reason) {
    call(check, "auth.cancel", [&](void* state) { real_auth->cancel(state, reason); });
}

void close_check(void* check) {
    close(check, "auth.close", [](void* state) { real_auth->close(state); });
}

const patchbay_auth_1 auth_table = {
    .check = &check, .cancel = &cancel_check, .close = &close_check};

}  // namespace

const void* wrapped_plugin_table(std::string_view id, const void* table) {
    if (id == PATCHBAY_PROVIDER_1) {
        real_provider = static_cast<const patchbay_provider_1*>(table);
        return &provider_table;
    }
    if (id == PATCHBAY_AUTH_1) {
        real_auth = static_cast<const patchbay_auth_1*>(table);
        return &auth_table;
    }
    return nullptr;
}

}  // namespace patchbay::validate
