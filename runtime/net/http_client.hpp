// HTTP calls to upstreams, on a lane. libcurl connects (proxies, addresses, TLS); requests and
// answers are ours, and so are the connections that are kept for the next call.
//
// Rules      a handler may start, cancel and pause any call, from inside any of its own calls.
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/event_loop.hpp"

#include <patchbay/error.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::net {

class Resolver;

struct HttpCallOptions {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool split_sse = false;  // a 2xx text/event-stream comes through on_event()
    // Connects only to addresses of the public internet (public_address.hpp), whatever its host
    // resolves to; where there is none, and where a proxy would connect: forbidden.
    bool public_only = false;
    std::chrono::milliseconds connect_timeout{10000};
    std::chrono::milliseconds first_byte_timeout{120000};
    std::chrono::milliseconds idle_timeout{60000};  // stands still while paused
    std::chrono::milliseconds total_timeout{0};     // 0 = none
    uint64_t max_body_bytes = 64u * 1024 * 1024;
    uint64_t max_line_bytes = 1024u * 1024;
};

struct SseEventView {
    std::string_view name;
    std::string_view id;
    std::string_view data;
};

using HeaderViews = std::vector<std::pair<std::string_view, std::string_view>>;

class HttpHandler {
public:
    virtual ~HttpHandler() = default;
    virtual void on_head(int status, const HeaderViews& headers) = 0;
    virtual void on_data(std::string_view bytes) = 0;
    virtual void on_event(const SseEventView& event) = 0;
    // Once, the last call: nullptr, or why it failed. Never from inside start().
    virtual void on_done(const Error* error) = 0;
};

// Names a call of one client; 0 = none. Never used twice.
using HttpCallId = uint64_t;

class HttpClient {
public:
    HttpClient(EventLoop& loop, Resolver& resolver);
    ~HttpClient();  // aborts what is running; no handler is called any more

    // bad_request: not an http(s) URL, a method or header with CR, LF or NUL. `handler` is
    // borrowed until on_done().
    Result<HttpCallId> start(HttpCallOptions options, HttpHandler& handler);

    void cancel(HttpCallId call);  // on_done(cancelled) follows on a later turn; idempotent

    // While paused nothing is read from the upstream and no handler but on_done(cancelled) is
    // called; its time limits stand still.
    void pause(HttpCallId call);
    void resume(HttpCallId call);

    size_t running() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::net
