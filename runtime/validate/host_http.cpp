// patchbay.http/1 as the plugin sees it, and its handlers as the fake host sees them.
#include "runtime/validate/host_side.hpp"

#include <patchbay/view.hpp>

#include <memory>
#include <utility>
#include <vector>

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
    std::vector<patchbay_header> views;
    for (uint32_t i = 0; i < header_count; ++i)
        views.push_back({lent.text(headers[i].name, "header.name"),
                         lent.text(headers[i].value, "header.value")});
    const auto* array = lent.array(views, "headers");
    call.session->probe().call("http.head", Tag::lane,
                               [&] { call.handler->head(call.user, status, array, header_count); });
}

void data(void* user, patchbay_str bytes) {
    auto& call = call_of(user);
    if (!call.handler->data) return;
    LentMemory lent("http.data", call.guards());
    const auto view = lent.text(bytes, "bytes");
    call.session->probe().call("http.data", Tag::lane,
                               [&] { call.handler->data(call.user, view); });
}

void event(void* user, const patchbay_sse_event* event) {
    auto& call = call_of(user);
    LentMemory lent("http.event", call.guards());
    const patchbay_sse_event views = {lent.text(event->name, "event.name"),
                                      lent.text(event->id, "event.id"),
                                      lent.text(event->data, "event.data")};
    const auto* view = lent.object(views, "event");
    call.session->probe().call("http.event", Tag::lane,
                               [&] { call.handler->event(call.user, view); });
}

void done(void* user, const patchbay_error* error) {
    const std::unique_ptr<Call> call(static_cast<Call*>(user));
    LentMemory lent("http.done", call->guards());
    const patchbay_error* view = nullptr;
    if (error) {
        auto views = *error;
        views.message = lent.text(error->message, "error.message");
        views.detail_json = lent.text(error->detail_json, "error.detail_json");
        view = lent.object(views, "error");
    }
    call->session->probe().call("http.done", Tag::lane,
                                [&] { call->handler->done(call->user, view); });
}

const patchbay_http_handler wrapped_handler = {
    .head = &head, .data = &data, .event = &event, .done = &done};

patchbay_status start(const patchbay_host* host, patchbay_handle owner,
                      const patchbay_http_start* request, const patchbay_http_handler* handler,
                      void* user, patchbay_handle* call) {
    auto& session = Session::of(host);
    auto& probe = session.probe();
    if (!probe.allows("http.start", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    if (session.refusal() == Refusal::calls) return PATCHBAY_E_LIMIT;
    if (!handler->done || ((request->flags & PATCHBAY_HTTP_SPLIT_SSE) && !handler->event)) {
        probe.find(Breach::bad_argument,
                   "http.start() got a handler without done(), or with SPLIT_SSE without event()");
        return PATCHBAY_E_BAD_REQUEST;
    }
    session.add_answer(*request);
    auto wrapped = std::make_unique<Call>(Call{&session, handler, user});
    patchbay_handle started = {};
    const auto status = inner_table<patchbay_http_1>(session, PATCHBAY_HTTP_1)
                            ->start(session.inner(), session.inner_handle(owner), request,
                                    &wrapped_handler, wrapped.get(), &started);
    if (status < 0) {
        if (status == PATCHBAY_E_BAD_REQUEST)
            probe.find(Breach::bad_argument, "http.start() got a bad URL or a bad header");
        note_stale(probe, "http.start", status);
        return status;
    }
    wrapped.release();  // done() frees it
    *call = session.outer_handle(started);
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
