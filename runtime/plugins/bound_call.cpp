#include "runtime/plugins/bound_call.hpp"

#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/owner.hpp"

#include <fmt/format.h>

namespace patchbay::plugins {
namespace {

// A flag that is not known may be one that forbids something: it is not passed over.
constexpr uint32_t known_flags =
    PATCHBAY_HTTP_SPLIT_SSE | PATCHBAY_HTTP_MANUAL_PAUSE | PATCHBAY_HTTP_PUBLIC_ONLY;

bool is_valid(const patchbay_http_start& request) {
    if (request.header_count > 0 && !request.headers) return false;
    for (uint32_t i = 0; i < request.header_count; ++i) {
        const auto& header = request.headers[i];
        if (!is_readable(header.name) || !is_readable(header.value)) return false;
    }
    return is_readable(request.method) && is_readable(request.url) && is_readable(request.body) &&
           is_object_or_empty(request.extra_json);
}

// 0 leaves the default, which is that of http.h.
void set(std::chrono::milliseconds& limit, uint32_t milliseconds) {
    if (milliseconds > 0) limit = std::chrono::milliseconds(milliseconds);
}

void set(uint64_t& limit, uint64_t bytes) {
    if (bytes > 0) limit = bytes;
}

net::HttpCallOptions options_of(const patchbay_http_start& request) {
    net::HttpCallOptions options;
    options.method = view(request.method);
    options.url = view(request.url);
    options.body = view(request.body);
    options.headers.reserve(request.header_count);
    for (uint32_t i = 0; i < request.header_count; ++i)
        options.headers.emplace_back(view(request.headers[i].name), view(request.headers[i].value));
    options.split_sse = (request.flags & PATCHBAY_HTTP_SPLIT_SSE) != 0;
    options.public_only = (request.flags & PATCHBAY_HTTP_PUBLIC_ONLY) != 0;
    set(options.connect_timeout, request.connect_timeout_ms);
    set(options.first_byte_timeout, request.first_byte_timeout_ms);
    set(options.idle_timeout, request.idle_timeout_ms);
    set(options.total_timeout, request.total_timeout_ms);
    set(options.max_body_bytes, request.max_body_bytes);
    set(options.max_line_bytes, request.max_line_bytes);
    return options;
}

}  // namespace

BoundCall::BoundCall(Owner& owner, uint32_t flags, const patchbay_http_handler& handler, void* user)
    : Attachment(owner, Kind::http_call), handler_(handler), user_(user), flags_(flags) {}

patchbay_status BoundCall::start(const patchbay_http_start& request) {
    const bool splits = (flags_ & PATCHBAY_HTTP_SPLIT_SSE) != 0;
    if (!handler_.done || (splits && !handler_.event) || !is_valid(request))
        return PATCHBAY_E_BAD_REQUEST;
    if ((flags_ & ~known_flags) != 0) return PATCHBAY_E_UNSUPPORTED;
    if (!take_handle(HandleKind::call)) return PATCHBAY_E_LIMIT;
    auto started = owner().lane().http().start(options_of(request), *this);
    if (!started) {
        owner().instance().fault("http.start: " + printable(started.error().message, 500),
                                 FaultWeight::forgiven);  // a user may have said the address
        return status_of(started.error().code);
    }
    id_ = *started;
    return PATCHBAY_OK;
}

patchbay_status BoundCall::cancel(Instance& caller, patchbay_handle call) {
    if (is_foreign(caller, call, "http.cancel()")) return PATCHBAY_E_STALE;
    net::Lane* lane = nullptr;
    // Sealed means cancelled here: a second cancel() finds it so, and posts nothing.
    if (!handles().seal(call, HandleKind::call, lane))
        return handles().is_current(call, HandleKind::call) ? PATCHBAY_OK : PATCHBAY_E_STALE;
    lane->post([call] {
        void* object = nullptr;
        if (handles().find(call, HandleKind::call, object) == PATCHBAY_OK)
            static_cast<Attachment*>(object)->abort();
    });
    return PATCHBAY_OK;
}

void BoundCall::abort() { owner().lane().http().cancel(id_); }

void BoundCall::pause() {
    if (!(flags_ & PATCHBAY_HTTP_MANUAL_PAUSE)) owner().lane().http().pause(id_);
}

void BoundCall::resume() {
    if (!(flags_ & PATCHBAY_HTTP_MANUAL_PAUSE)) owner().lane().http().resume(id_);
}

void BoundCall::on_head(int status, const net::HeaderViews& headers) {
    if (!handler_.head) return;
    std::vector<patchbay_header> views;
    views.reserve(headers.size());
    for (const auto& [name, value] : headers) views.push_back({borrow(name), borrow(value)});
    owner().call_plugin("http.head", [&] {
        handler_.head(user_, static_cast<uint32_t>(status), views.data(),
                      static_cast<uint32_t>(views.size()));
    });
}

void BoundCall::on_data(std::string_view bytes) {
    if (!handler_.data) return;
    owner().call_plugin("http.data", [&] { handler_.data(user_, borrow(bytes)); });
}

void BoundCall::on_event(const net::SseEventView& event) {
    const patchbay_sse_event view{borrow(event.name), borrow(event.id), borrow(event.data)};
    owner().call_plugin("http.event", [&] { handler_.event(user_, &view); });
}

void BoundCall::on_done(const Error* error) {
    drop_handle();  // over: cancel() is stale from here on
    owner().call_plugin("http.done", [&] {
        const auto view = error ? view_of(*error) : patchbay_error{};
        handler_.done(user_, error ? &view : nullptr);
    });
    owner().completed(*this);  // deletes this
}

}  // namespace patchbay::plugins
