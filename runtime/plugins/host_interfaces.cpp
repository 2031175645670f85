#include "runtime/plugins/host_interfaces.hpp"

#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/bound_call.hpp"
#include "runtime/plugins/request.hpp"
#include "runtime/plugins/stream.hpp"
#include "runtime/plugins/turn_filter.hpp"

namespace patchbay::plugins {
namespace {

// The caller's object of one kind; nullptr when there is none.
template <class Object>
Object* find_fast(const patchbay_host* host, patchbay_handle handle, HandleKind kind) {
    void* object = nullptr;
    if (handles().find(handle, kind, object) != PATCHBAY_OK) return nullptr;
    auto* const owner = static_cast<Owner*>(object);
    return owner->instance().host() == host ? static_cast<Object*>(owner) : nullptr;
}

// Finds the object of one kind that a [lane] call names; counts a late or foreign call.
template <class Object>
patchbay_status find(const patchbay_host* host, patchbay_handle handle, HandleKind kind,
                     const char* slot, Object*& found) {
    found = find_fast<Object>(host, handle, kind);
    if (found) return PATCHBAY_OK;
    // An owner of the other kind is stale here.
    Owner* owner = nullptr;
    const auto status = find_owner(host, handle, slot, owner);
    return status == PATCHBAY_OK ? PATCHBAY_E_STALE : status;
}

// The turn whose `out` a middleware of the caller's emits on; nullptr: it is something else.
TurnState* find_filter(const patchbay_host* host, patchbay_stream stream) {
    void* object = nullptr;
    if (handles().find(stream, HandleKind::filter, object) != PATCHBAY_OK) return nullptr;
    auto* const found = static_cast<TurnState*>(object);
    return found->instance().host() == host ? found : nullptr;
}

patchbay_status emit(const patchbay_host* host, patchbay_stream stream,
                     const patchbay_event* events, uint32_t count) noexcept {
    if (!events && count > 0) return PATCHBAY_E_BAD_REQUEST;
    auto* found = find_fast<Stream>(host, stream, HandleKind::stream);
    if (found) return found->emit({events, count});
    if (auto* const filter = find_filter(host, stream)) return filter->emit({events, count});
    return find(host, stream, HandleKind::stream, "emit()", found);
}

patchbay_status finish(const patchbay_host* host, patchbay_stream stream, uint32_t reason,
                       const patchbay_error* error) noexcept {
    Stream* found = nullptr;
    const auto status = find(host, stream, HandleKind::stream, "finish()", found);
    return status == PATCHBAY_OK ? found->finish(reason, error) : status;
}

patchbay_status post(const patchbay_host* host, patchbay_handle owner, patchbay_posted callback,
                     void* user) noexcept {
    return Owner::post(Instance::of(host), owner, callback, user);
}

patchbay_status complete(const patchbay_host* host, patchbay_request request,
                         const patchbay_verdict* verdict) noexcept {
    Request* found = nullptr;
    const auto status = find(host, request, HandleKind::request, "complete()", found);
    return status == PATCHBAY_OK ? found->complete(verdict) : status;
}

patchbay_status start_call(const patchbay_host* host, patchbay_handle owner,
                           const patchbay_http_start* request, const patchbay_http_handler* handler,
                           void* user, patchbay_handle* call) noexcept {
    if (!request || !handler || !call) return PATCHBAY_E_BAD_REQUEST;
    Owner* found = nullptr;
    const auto status = find_owner(host, owner, "http.start()", found);
    return status == PATCHBAY_OK ? found->start_call(*request, *handler, user, call) : status;
}

patchbay_status cancel_call(const patchbay_host* host, patchbay_handle call) noexcept {
    return BoundCall::cancel(Instance::of(host), call);
}

patchbay_status start_timer(const patchbay_host* host, patchbay_handle owner, uint64_t delay_us,
                            patchbay_posted callback, void* user, patchbay_handle* timer) noexcept {
    Owner* found = nullptr;
    const auto status = find_owner(host, owner, "timer.start()", found);
    return status == PATCHBAY_OK ? found->start_timer(delay_us, callback, user, timer) : status;
}

patchbay_status cancel_timer(const patchbay_host* host, patchbay_handle timer) noexcept {
    return Owner::cancel_timer(Instance::of(host), timer);
}

}  // namespace

const patchbay_stream_1 host_stream{.emit = emit, .finish = finish, .post = post};
const patchbay_verdict_1 host_verdict{.complete = complete};
const patchbay_http_1 host_http{.start = start_call, .cancel = cancel_call};
const patchbay_timer_1 host_timer{.start = start_timer, .cancel = cancel_timer};

const void* host_get_interface(const patchbay_host*, patchbay_str interface_id) noexcept {
    const auto id = view(interface_id);
    if (id == PATCHBAY_STREAM_1) return &host_stream;
    if (id == PATCHBAY_VERDICT_1) return &host_verdict;
    if (id == PATCHBAY_HTTP_1) return &host_http;
    if (id == PATCHBAY_TIMER_1) return &host_timer;
    if (id == PATCHBAY_LOG_1) return &host_log;
    if (id == PATCHBAY_SECRETS_1) return &host_secrets;
    if (id == PATCHBAY_CHAT_1) return &host_chat;
    if (id == PATCHBAY_TOOLS_1) return &host_tools;
    if (id == PATCHBAY_APPROVAL_1) return &host_approval;
    if (id == PATCHBAY_HISTORY_1) return &host_history;
    if (id == PATCHBAY_WORKER_1) return &host_worker;
    if (id == PATCHBAY_KV_1) return &host_kv;
    if (id == PATCHBAY_METRICS_1) return &host_metrics;
    return nullptr;
}

void host_set_error(const patchbay_host* host, const patchbay_error* error) noexcept {
    auto* const call = PluginCall::current();
    if (!error || !call || call->instance().host() != host) return;  // nothing is about to fail
    call->set_error(copy_of(*error));
}

}  // namespace patchbay::plugins
