// Who decides about a request, as the fake host sees them: auth, middleware.
#include "runtime/validate/lent_abi.hpp"
#include "runtime/validate/plugin_side.hpp"

#include <fmt/format.h>

namespace patchbay::validate {
namespace {

// --- auth ---------------------------------------------------------------------------------------
patchbay_status check(void* instance, const patchbay_http_request* http, patchbay_request request,
                      void** check) {
    LentMemory lent("auth.check", session_of(instance).probe().guards_views());
    auto views = *http;
    views.method = lent.text(http->method, "http.method");
    views.path = lent.text(http->path, "http.path");
    views.query = lent.text(http->query, "http.query");
    views.remote = lent.text(http->remote, "http.remote");
    views.credential = lent.text(http->credential, "http.credential");
    views.scheme = lent.text(http->scheme, "http.scheme");
    views.extra_json = lent.text(http->extra_json, "http.extra_json");
    views.headers = lend_headers(lent, http->headers, http->header_count);
    const auto* view = lent.object(views, "http");
    return begin(instance, "auth.check", lent, request, check,
                 [&](void* real, patchbay_handle outer, void** state) {
                     return real_table<patchbay_auth_1>->check(real, view, outer, state);
                 });
}

void cancel_check(void* check, patchbay_reason reason) {
    call_state(check, "auth.cancel",
               [&](void* state) { real_table<patchbay_auth_1>->cancel(state, reason); });
}

void close_check(void* check) {
    end_state(check, "auth.close", [](void* state) { real_table<patchbay_auth_1>->close(state); });
}

// --- middleware ---------------------------------------------------------------------------------
const patchbay_middleware_1& middleware() { return *real_table<patchbay_middleware_1>; }

patchbay_status on_request(void* instance, const patchbay_turn* turn, patchbay_request request,
                           patchbay_stream out, void** state) {
    auto& session = session_of(instance);
    LentMemory lent("middleware.on_request", session.probe().guards_views());
    auto views = *turn;
    views.surface = lent.text(turn->surface, "turn.surface");
    views.owner = lent.text(turn->owner, "turn.owner");
    views.credential_id = lent.text(turn->credential_id, "turn.credential_id");
    views.interaction_id = lent.text(turn->interaction_id, "turn.interaction_id");
    views.agent = lent.text(turn->agent, "turn.agent");
    views.model = lent.text(turn->model, "turn.model");
    views.method = lent.text(turn->method, "turn.method");
    views.content_json = lent.text(turn->content_json, "turn.content_json");
    views.input_json = lent.text(turn->input_json, "turn.input_json");
    views.options_json = lent.text(turn->options_json, "turn.options_json");
    views.traceparent = lent.text(turn->traceparent, "turn.traceparent");
    views.extra_json = lent.text(turn->extra_json, "turn.extra_json");
    const auto* view = lent.object(views, "turn");
    const auto outer_out = session.outer_handle(out);
    session.add_out(outer_out);
    return begin(instance, "middleware.on_request", lent, request, state,
                 [&](void* real, patchbay_handle outer, void** made) {
                     return middleware().on_request(real, view, outer, outer_out, made);
                 });
}

void cancel_turn(void* turn, patchbay_reason reason) {
    call_state(turn, "middleware.cancel", [&](void* state) { middleware().cancel(state, reason); });
}

patchbay_status on_events(void* turn, const patchbay_event* events, uint32_t count) {
    const auto& wrapped = *static_cast<WrappedState*>(turn);
    auto& session = *wrapped.session;
    LentMemory lent("middleware.on_events", session.probe().guards_views());
    const auto* views = lend_events(lent, events, count);
    Session::Batch batch;
    for (uint32_t i = 0; i < count; ++i) batch.kinds.insert(events[i].kind);
    session.batch = &batch;
    const auto status = call_with_reason(session, "middleware.on_events", Tag::lane, lent, [&] {
        return middleware().on_events(wrapped.state, views, count);
    });
    session.batch = nullptr;
    if (status > PATCHBAY_EVENTS_TAKEN)
        session.probe().find(
            Breach::bad_batch,
            fmt::format("on_events() returned {}: neither PASS nor TAKEN", status));
    if (status == PATCHBAY_EVENTS_PASS && batch.emitted > 0)
        session.probe().find(Breach::bad_batch,
                             "on_events() emitted, and let the batch pass all the same");
    return status;
}

void on_end(void* turn, uint32_t reason) {
    call_state(turn, "middleware.on_end", [&](void* state) { middleware().on_end(state, reason); });
}

void close_turn(void* turn) {
    end_state(turn, "middleware.close", [](void* state) { middleware().close(state); });
}

}  // namespace

const void* wrap_auth(const void* table) {
    static constexpr patchbay_auth_1 wrapped = {
        .check = &check, .cancel = &cancel_check, .close = &close_check};
    real_table<patchbay_auth_1> = static_cast<const patchbay_auth_1*>(table);
    return &wrapped;
}

const void* wrap_middleware(const void* table) {
    static patchbay_middleware_1 wrapped;
    real_table<patchbay_middleware_1> = static_cast<const patchbay_middleware_1*>(table);
    wrapped = {.on_request = middleware().on_request ? &on_request : nullptr,
               .cancel = middleware().cancel ? &cancel_turn : nullptr,
               .on_events = middleware().on_events ? &on_events : nullptr,
               .on_end = middleware().on_end ? &on_end : nullptr,
               .close = &close_turn};
    return &wrapped;
}

}  // namespace patchbay::validate
