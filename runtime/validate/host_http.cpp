// patchbay.http/1 as the plugin sees it, and its handlers as the fake host sees them.
#include "runtime/validate/host_side.hpp"
#include "runtime/validate/lent_abi.hpp"

#include <patchbay/view.hpp>

#include <memory>

namespace patchbay::validate {
namespace {

struct Call {
    Session* session;
    const patchbay_http_handler* handler;
    void* user;

    bool guards() const { return session->probe().guards_views(); }
};

Call& call_of(void* user) { return *static_cast<Call*>(user); }

void head(void* user, uint32_t status, const patchbay_header* headers, uint32_t header_count) {
    auto& call = call_of(user);
    if (!call.handler->head) return;
    LentMemory lent("http.head", call.guards());
    const auto* array = lend_headers(lent, headers, header_count);
    call.session->call("http.head", Tag::lane, lent,
                       [&] { call.handler->head(call.user, status, array, header_count); });
}

void data(void* user, patchbay_str bytes) {
    auto& call = call_of(user);
    if (!call.handler->data) return;
    LentMemory lent("http.data", call.guards());
    const auto view = lent.text(bytes, "bytes");
    call.session->call("http.data", Tag::lane, lent, [&] { call.handler->data(call.user, view); });
}

void event(void* user, const patchbay_sse_event* event) {
    auto& call = call_of(user);
    LentMemory lent("http.event", call.guards());
    const patchbay_sse_event views = {lent.text(event->name, "event.name"),
                                      lent.text(event->id, "event.id"),
                                      lent.text(event->data, "event.data")};
    const auto* view = lent.object(views, "event");
    call.session->call("http.event", Tag::lane, lent,
                       [&] { call.handler->event(call.user, view); });
}

void done(void* user, const patchbay_error* error) {
    const std::unique_ptr<Call> call(static_cast<Call*>(user));
    LentMemory lent("http.done", call->guards());
    const auto* view = lend_failure(*call->session, lent, error);
    call->session->call("http.done", Tag::lane, lent,
                        [&] { call->handler->done(call->user, view); });
}

const patchbay_http_handler wrapped_handler = {
    .head = &head, .data = &data, .event = &event, .done = &done};

patchbay_status start(const patchbay_host* host, patchbay_handle owner,
                      const patchbay_http_start* request, const patchbay_http_handler* handler,
                      void* user, patchbay_handle* call) {
    auto& session = Session::of(host);
    if (!session.probe().allows("http.start", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (!HandedOver(session.probe(), "http.start")
             .object(request->extra_json, "an extra_json")
             .in_order())
        return PATCHBAY_E_BAD_REQUEST;
    patchbay_handle started = {};
    const auto status = start_pending(
        session,
        {"http.start", Refusal::calls,
         "a bad URL, a bad header, or a handler without done(), or with SPLIT_SSE without event()",
         Breach::bad_http},
        Call{&session, handler, user}, [&](Call* wrapped) -> patchbay_status {
            const bool splits = (request->flags & PATCHBAY_HTTP_SPLIT_SSE) != 0;
            if (!handler->done || (splits && !handler->event)) return PATCHBAY_E_BAD_REQUEST;
            session.add_answer(*request);
            return inner_table<patchbay_http_1>(session, PATCHBAY_HTTP_1)
                ->start(session.inner(), session.inner_handle(owner), request, &wrapped_handler,
                        wrapped, &started);
        });
    if (status >= 0) *call = session.outer_handle(started);
    return status;
}

// STALE is no breach: the call may have ended a moment ago.
patchbay_status cancel(const patchbay_host* host, patchbay_handle call) {
    auto& session = Session::of(host);
    return inner_table<patchbay_http_1>(session, PATCHBAY_HTTP_1)
        ->cancel(session.inner(), session.inner_handle(call));
}

const patchbay_http_1 table = {.start = &start, .cancel = &cancel};

}  // namespace

const patchbay_http_1* wrapped_http_table() { return &table; }

}  // namespace patchbay::validate
