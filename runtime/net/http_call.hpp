// One call of an HttpClient: what it asked for, how far it has come, and what its handler is still
// to be told.
#pragma once

#include "runtime/net/call_limits.hpp"
#include "runtime/net/curl_transfer.hpp"
#include "runtime/net/http_client.hpp"
#include "runtime/net/sse_parser.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace patchbay::net {

class HttpCall {
public:
    HttpCall(HttpCallId call, HttpCallOptions wanted, Route where, HttpHandler& listener,
             Clock::time_point now);
    HttpCall(const HttpCall&) = delete;
    HttpCall& operator=(const HttpCall&) = delete;

    // Hands on what has come, in order, as long as the handler neither pauses nor cancels. True
    // when only on_done(failure) is left to say. `headers` is scratch space.
    [[nodiscard]] bool deliver(HeaderViews& headers);

    const HttpCallId id;
    const HttpCallOptions options;
    const Route route;
    HttpHandler& handler;
    CallLimits limits;
    std::unique_ptr<Transfer> transfer;  // none before the name is resolved
    bool running = false;                // the transfer is at libcurl's
    bool over = false;                   // nothing more comes from the upstream
    bool paused = false;
    bool cancelled = false;
    bool refused = false;  // what came is not taken: the upstream need not go on
    std::optional<Error> failure;
    TimerId timer = 0;
    Clock::time_point timer_when;
    uint64_t uploaded = 0;  // when the timer last looked

private:
    struct StoredEvent {
        std::string name, id, data;
    };

    bool listens() const { return !paused && !cancelled; }
    void deliver_head(HeaderViews& headers);
    void deliver_events();
    void deliver_body();
    void parse(std::string_view bytes);
    void take_event(const SseEventView& event);
    void fail_too_large();
    void refuse(ErrorCode code, std::string message);

    SseParser parser_;
    SseParser::OnEvent on_event_;
    std::deque<StoredEvent> events_;  // parsed before the handler paused
    bool head_delivered_ = false;
    bool is_sse_ = false;
    bool parser_finished_ = false;
};

}  // namespace patchbay::net
