// One call of an HttpClient: what it asked for, how far it has come, and what its handler is still
// to be told.
#pragma once

#include "runtime/net/call_limits.hpp"
#include "runtime/net/dialer.hpp"
#include "runtime/net/http_client.hpp"
#include "runtime/net/route.hpp"
#include "runtime/net/sse_parser.hpp"
#include "runtime/net/upstream_exchange.hpp"

#include <deque>
#include <optional>
#include <string>

namespace patchbay::net {

class HttpCall;

// Hears that a call's connection is ready. `events` are epoll's bits.
class HttpCallOwner {
public:
    virtual void on_ready(HttpCall& call, uint32_t events) = 0;

protected:
    ~HttpCallOwner() = default;
};

class HttpCall final : public Watcher {
public:
    HttpCall(HttpCallId call, HttpCallOptions wanted, Route where, HttpHandler& listener,
             HttpCallOwner& owned_by, Clock::time_point now);
    HttpCall(const HttpCall&) = delete;
    HttpCall& operator=(const HttpCall&) = delete;

    void on_ready(uint32_t events) override { owner_.on_ready(*this, events); }

    // Takes bytes that the upstream has sent; the handler hears of them at once, unless it has
    // paused the call. Ends early when it cancels it.
    enum class Came { part, whole, failed };
    [[nodiscard]] Came receive(std::string_view bytes, Clock::time_point now);
    // The connection has ended, or is broken.
    [[nodiscard]] Came lose(bool broken);

    // Hands on what came while the call was paused, in order, as long as the handler neither pauses
    // nor cancels. True when only on_done(failure) is left to say.
    [[nodiscard]] bool deliver();

    // Not a byte of an answer came over a connection that had been used before. It may have been
    // dying when it was taken, and then nobody has read the request; but one that does more harm
    // when it is done twice is sent again only where the end came at once.
    bool may_be_repeated(Clock::time_point now) const;

    bool reads() const { return exchange.has_begun() && !over && !paused; }

    const HttpCallId id;
    const HttpCallOptions options;
    const Route route;
    HttpHandler& handler;
    CallLimits limits;
    Dialer::Dial dial;  // under way, before the exchange
    UpstreamExchange exchange;
    bool over = false;  // nothing more comes from the upstream
    bool paused = false;
    bool cancelled = false;
    std::optional<Error> failure;
    TimerId timer = 0;
    Clock::time_point timer_when;
    uint64_t sent = 0;           // of the request, when the timer last looked
    Clock::time_point asked_at;  // the request began to go out

private:
    struct StoredEvent {
        std::string name, id, data;
    };

    bool listens() const { return !paused && !cancelled; }
    void take_head();
    void take_body(std::string_view bytes, Clock::time_point now);
    void take_event(const SseEventView& event);
    void explain_failure();
    void fail(Error error);
    void fail_too_large();

    HttpCallOwner& owner_;
    SseParser parser_;
    SseParser::OnEvent on_event_;
    std::deque<StoredEvent> events_;  // these two: what came before the handler paused
    std::string bytes_;
    uint64_t body_bytes_ = 0;
    bool is_sse_ = false;
    bool parser_finished_ = false;
};

}  // namespace patchbay::net
