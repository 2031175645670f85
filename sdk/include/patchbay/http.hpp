// HTTP calls to an upstream, run by the host: pooled, TLS, proxies, limits, SSE splitting.
//
// A call is bound to its owner, a stream or a request: it is paused while the owner's client
// stalls, and aborted when the owner is cancelled. So most plugins hold no flow-control code.
//
// Threads    [lane], but for HttpCall::cancel().
// Ownership  the request is copied. What a handler receives is borrowed until it returns.
// Ending     a call that started ends with exactly one on_done(), also when it is cancelled. It
//            never calls back from inside start_http().
// Limits     64 calls on one owner; those of the request.
// Errors     stale, bad_request (bad URL or header), cancelled (the owner is ending), limit,
//            wrong_thread, unsupported: then no callback follows.
#pragma once

#include <patchbay/owner.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {

struct HttpHeader {
    std::string name;
    std::string value;
};

struct HttpRequest {
    std::string method = "GET";
    std::string url;  // http:// or https://
    std::string body;
    std::vector<HttpHeader> headers;
    bool split_sse = false;     // a 2xx body is text/event-stream: on_event(), not on_data()
    bool manual_pause = false;  // go on delivering while the owner is paused
    bool public_only = false;   // the public internet alone, else forbidden: for others' URLs
    std::chrono::milliseconds connect_timeout{0};     // name, TCP and TLS; 0 = 10 s
    std::chrono::milliseconds first_byte_timeout{0};  // until the body's first byte; 0 = 120 s
    std::chrono::milliseconds idle_timeout{0};        // between two reads; 0 = 60 s
    std::chrono::milliseconds total_timeout{0};       // 0 = the owner's deadline alone
    uint64_t max_body_bytes = 0;                      // of the answer; 0 = 64 MiB
    uint64_t max_line_bytes = 0;                      // of one SSE event; 0 = 1 MiB
};

// The headers of an answer or of a client's request, borrowed.
class HttpHeaders {
public:
    explicit HttpHeaders(std::span<const patchbay_header> headers) noexcept : headers_(headers) {}

    // The first value of this name, compared without regard to case; "" when there is none.
    std::string_view find(std::string_view name) const noexcept {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
        const auto found = std::ranges::find_if(headers_, [&](const patchbay_header& header) {
            return std::ranges::equal(text_of(header.name), name, {}, lower, lower);
        });
        return found == headers_.end() ? std::string_view() : text_of(found->value);
    }

    auto begin() const noexcept { return headers_.begin(); }
    auto end() const noexcept { return headers_.end(); }

private:
    std::span<const patchbay_header> headers_;
};

// One event of a text/event-stream, borrowed.
struct SseEvent {
    std::string_view name;  // "" = none
    std::string_view id;    // "" = none
    std::string_view data;
};

// A running call. A value: losing it does not stop the call.
class HttpCall {
public:
    HttpCall(const Host& host, patchbay_handle call) noexcept : host_(&host), call_(call) {}

    // on_done(cancelled) follows. Idempotent; nothing happens when the call is over. [any-thread]
    void cancel() const noexcept { host_->interfaces().http->cancel(host_->raw(), call_); }

private:
    const Host* host_;
    patchbay_handle call_;
};

namespace detail {
struct HttpThunks;
}

// Hears one call at a time. It must live until on_done(): a Chat or Check always does. When one of
// these throws, the owner is abandoned, the call is cancelled and the handler hears nothing more.
class HttpHandler {
public:
    HttpHandler() = default;
    HttpHandler(const HttpHandler&) = delete;  // the host keeps its address
    HttpHandler& operator=(const HttpHandler&) = delete;

    // Status and headers, once, before any body.
    virtual void on_head(uint32_t status, const HttpHeaders& headers);
    // Bytes of the body: without split_sse, or when it is no 2xx text/event-stream.
    virtual void on_data(std::string_view bytes);
    virtual void on_event(const SseEvent& event);
    // The end: nullptr, or why it failed. Any HTTP status is a success here. Codes: upstream,
    // upstream_truncated, timeout, too_large, forbidden (public_only), cancelled. The last call.
    virtual void on_done(const Error* error) = 0;

protected:
    virtual ~HttpHandler() = default;

private:
    friend struct detail::HttpThunks;

    std::optional<Owner> owner_;
    std::optional<HttpCall> call_;
    bool broken_ = false;  // it threw: it hears nothing more
};

inline void HttpHandler::on_head(uint32_t, const HttpHeaders&) {}
inline void HttpHandler::on_data(std::string_view) {}
inline void HttpHandler::on_event(const SseEvent&) {}

namespace detail {

inline patchbay_http_start start_of(const HttpRequest& request,
                                    const std::vector<patchbay_header>& headers) {
    const auto milliseconds = [](std::chrono::milliseconds time) {
        return static_cast<uint32_t>(
            std::clamp<int64_t>(time.count(), 0, std::numeric_limits<uint32_t>::max()));
    };
    patchbay_http_start view = {};
    view.method = view_of(request.method);
    view.url = view_of(request.url);
    view.body = view_of(request.body);
    view.headers = headers.data();
    view.header_count = static_cast<uint32_t>(headers.size());
    view.flags = (request.split_sse ? PATCHBAY_HTTP_SPLIT_SSE : 0) |
                 (request.manual_pause ? PATCHBAY_HTTP_MANUAL_PAUSE : 0) |
                 (request.public_only ? PATCHBAY_HTTP_PUBLIC_ONLY : 0);
    view.connect_timeout_ms = milliseconds(request.connect_timeout);
    view.first_byte_timeout_ms = milliseconds(request.first_byte_timeout);
    view.idle_timeout_ms = milliseconds(request.idle_timeout);
    view.total_timeout_ms = milliseconds(request.total_timeout);
    view.max_body_bytes = request.max_body_bytes;
    view.max_line_bytes = request.max_line_bytes;
    return view;
}

// What the host calls.
struct HttpThunks {
    template <class Body>
    static void run(void* user, Body&& body) noexcept {
        auto* handler = static_cast<HttpHandler*>(user);
        if (handler->broken_) return;
        const auto owner = *handler->owner_;
        const auto call = handler->call_;
        guarded([&] { body(*handler); },
                [&](std::string_view reason) {
                    handler->broken_ = true;
                    owner.abandon(reason);
                    if (call) call->cancel();
                });
    }

    static void head(void* user, uint32_t status, const patchbay_header* headers,
                     uint32_t count) noexcept {
        run(user, [&](HttpHandler& handler) {
            handler.on_head(status, HttpHeaders(std::span(headers, count)));
        });
    }

    static void data(void* user, patchbay_str bytes) noexcept {
        run(user, [&](HttpHandler& handler) { handler.on_data(text_of(bytes)); });
    }

    static void event(void* user, const patchbay_sse_event* event) noexcept {
        run(user, [&](HttpHandler& handler) {
            handler.on_event({text_of(event->name), text_of(event->id), text_of(event->data)});
        });
    }

    static void done(void* user, const patchbay_error* error) noexcept {
        static_cast<HttpHandler*>(user)->call_.reset();
        run(user, [&](HttpHandler& handler) {
            if (!error) return handler.on_done(nullptr);
            const auto why = error_of(*error);
            handler.on_done(&why);
        });
    }

    static constexpr patchbay_http_handler table = {
        .head = &head, .data = &data, .event = &event, .done = &done};

    static Result<HttpCall> start(const Owner& owner, const HttpRequest& request,
                                  HttpHandler& handler, const patchbay_http_handler& callbacks) {
        const auto* http = owner.host().interfaces().http;
        if (!http) return failure(ErrorCode::unsupported, "the host has no HTTP");

        std::vector<patchbay_header> headers;
        headers.reserve(request.headers.size());
        for (const auto& [name, value] : request.headers)
            headers.push_back({view_of(name), view_of(value)});
        const auto view = start_of(request, headers);

        handler.owner_.emplace(owner);
        handler.broken_ = false;
        patchbay_handle call = {0};
        const auto status =
            http->start(owner.host().raw(), owner.handle(), &view, &callbacks, &handler, &call);
        if (status < 0) return failure(code_of(status), "the host refused an HTTP call");
        handler.call_.emplace(owner.host(), call);
        return *handler.call_;
    }
};

}  // namespace detail

// Starts a call that `handler` hears.
[[nodiscard]] inline Result<HttpCall> start_http(const Owner& owner, const HttpRequest& request,
                                                 HttpHandler& handler) {
    return detail::HttpThunks::start(owner, request, handler, detail::HttpThunks::table);
}

// Functions instead of a handler, for those who need no class. Only `done` is needed.
struct HttpCallbacks {
    std::move_only_function<void(uint32_t status, const HttpHeaders& headers)> head;
    std::move_only_function<void(std::string_view bytes)> data;
    std::move_only_function<void(const SseEvent& event)> event;
    std::move_only_function<void(const Error* error)> done;
};

namespace detail {

class CallbackHandler final : public HttpHandler {
public:
    explicit CallbackHandler(HttpCallbacks callbacks) : callbacks_(std::move(callbacks)) {}

    void on_head(uint32_t status, const HttpHeaders& headers) override {
        if (callbacks_.head) callbacks_.head(status, headers);
    }
    void on_data(std::string_view bytes) override {
        if (callbacks_.data) callbacks_.data(bytes);
    }
    void on_event(const SseEvent& event) override {
        if (callbacks_.event) callbacks_.event(event);
    }
    void on_done(const Error* error) override { callbacks_.done(error); }

    // As HttpThunks::done, but it frees the handler too, also one that threw.
    static void done_and_free(void* user, const patchbay_error* error) noexcept {
        HttpThunks::done(user, error);
        delete static_cast<CallbackHandler*>(static_cast<HttpHandler*>(user));
    }

    static constexpr patchbay_http_handler table = {.head = &HttpThunks::head,
                                                    .data = &HttpThunks::data,
                                                    .event = &HttpThunks::event,
                                                    .done = &done_and_free};

private:
    HttpCallbacks callbacks_;
};

}  // namespace detail

// Starts a call that the functions hear. They are destroyed after `done`, or at once on failure.
[[nodiscard]] inline Result<HttpCall> start_http(const Owner& owner, const HttpRequest& request,
                                                 HttpCallbacks callbacks) {
    auto handler = std::make_unique<detail::CallbackHandler>(std::move(callbacks));
    auto call = detail::HttpThunks::start(owner, request, *handler, detail::CallbackHandler::table);
    if (call) handler.release();  // the table's done() frees it
    return call;
}

}  // namespace patchbay
