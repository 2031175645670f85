#include "runtime/net/http_client.hpp"

#include "runtime/net/connection_pool.hpp"
#include "runtime/net/dialer.hpp"
#include "runtime/net/http_call.hpp"
#include "runtime/net/request_head.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/upstream_error.hpp"
#include "runtime/net/upstream_proxy.hpp"
#include "runtime/net/upstream_request.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <array>
#include <unordered_map>
#include <utility>

namespace patchbay::net {

namespace {

constexpr size_t read_bytes = 16 * 1024;  // at once; what a pause lets through at most
constexpr int reads_a_turn = 8;           // of one call, where it is not left to the loop

}  // namespace

// Handlers are called while a call reads, and from tell(): never inside libcurl, never from inside
// start() and the like. So a handler may do anything to any call; and a call is destroyed in
// finish() alone, where nobody is using it.
struct HttpClient::Impl final : HttpCallOwner {
    Impl(EventLoop& loop_of_lane, Resolver& resolver_of_server)
        : loop(loop_of_lane),
          resolver(resolver_of_server),
          dialer(loop_of_lane, [this](HttpCallId id) { dialed(id); }),
          idle(loop_of_lane) {}
    ~Impl();

    HttpCall* find(HttpCallId id);
    void launch(HttpCall& call);
    void resolve(HttpCall& call);
    void resolved(HttpCallId id, const Result<std::vector<std::string>>& addresses);
    void dial(HttpCall& call, const std::vector<std::string>& addresses);
    void dialed(HttpCallId id);
    void begin(HttpCall& call, std::unique_ptr<UpstreamConnection> connection, bool reused);

    void on_ready(HttpCall& call, uint32_t events) override;
    void read(HttpCall& call);
    void take(HttpCall& call, const ByteStream::Moved& moved);
    void stop(HttpCall& call);

    void tell(HttpCall& call);
    void finish(HttpCall& call);
    void tell_later(HttpCallId id);
    void tell_posted();
    void go_on(HttpCall& call);

    void watch_time(HttpCall& call);
    void on_time(HttpCallId id);

    EventLoop& loop;
    Resolver& resolver;
    const ProxySettings proxies = ProxySettings::from_environment();
    Dialer dialer;
    ConnectionPool idle;
    std::unordered_map<HttpCallId, std::unique_ptr<HttpCall>> calls;
    HttpCallId last_id = 0;
    std::array<char, read_bytes> buffer;                          // scratch
    std::vector<HttpCallId> later;                                // to be looked at on a later turn
    std::shared_ptr<Impl*> self = std::make_shared<Impl*>(this);  // posted tasks hold it weakly
};

HttpClient::Impl::~Impl() {
    resolver.forget(loop);
    for (auto& [id, call] : calls) stop(*call);
}

HttpCall* HttpClient::Impl::find(HttpCallId id) {
    const auto found = calls.find(id);
    return found == calls.end() ? nullptr : found->second.get();
}

void HttpClient::Impl::launch(HttpCall& call) {
    if (call.route.public_only && call.route.proxy) {
        call.failure = proxied_error(call.route.upstream.label);
        stop(call);
        tell_later(call.id);
    } else if (auto connection = idle.take(call.route.key()))
        begin(call, std::move(connection), true);
    else
        resolve(call);
}

void HttpClient::Impl::resolve(HttpCall& call) {
    const std::string& host = call.route.next_hop().host;
    if (host.empty() || !Resolver::literal(host).empty()) return dial(call, {});
    resolver.resolve(host, call.options.connect_timeout, loop,
                     [weak = std::weak_ptr(self), id = call.id](auto addresses) {
                         if (const auto alive = weak.lock()) (*alive)->resolved(id, addresses);
                     });
}

void HttpClient::Impl::resolved(HttpCallId id, const Result<std::vector<std::string>>& addresses) {
    HttpCall* call = find(id);
    if (call == nullptr || call->over) return;
    if (addresses) return dial(*call, *addresses);
    // A name server that fails says nothing of the name: that is told, and may be tried again.
    const bool no_such_host = !addresses.error().retryable;
    call->failure = call->route.public_only && no_such_host
                        ? not_public_error(call->route.upstream.label)
                        : addresses.error();
    stop(*call);
    tell(*call);
}

void HttpClient::Impl::dial(HttpCall& call, const std::vector<std::string>& addresses) {
    call.dial = dialer.dial(call.id, call.options, call.route, addresses);
}

void HttpClient::Impl::dialed(HttpCallId id) {
    HttpCall* call = find(id);
    if (call == nullptr || !call->dial || !call->dial->has_ended()) return;
    if (call->dial->lacked_descriptor() && idle.size() > 0) {
        idle.clear();  // they have what is needed
        call->dial.reset();
        return resolve(*call);
    }
    auto stream = dialer.connected(std::move(call->dial), call->route);
    if (stream)
        return begin(
            *call,
            std::make_unique<UpstreamConnection>(loop, std::move(*stream), call->route.key()),
            false);
    call->failure = std::move(stream.error());
    stop(*call);
    tell(*call);
}

void HttpClient::Impl::begin(HttpCall& call, std::unique_ptr<UpstreamConnection> connection,
                             bool reused) {
    call.asked_at = loop.now();
    call.limits.connected(call.asked_at);
    watch_time(call);
    call.exchange.begin(std::move(connection), reused,
                        {.head = request_head(call.options, call.route),
                         .body = request_body(call.options),
                         .is_head = call.options.method == "HEAD"},
                        call);
}

void HttpClient::Impl::on_ready(HttpCall& call, uint32_t events) {
    // An error or a hang-up makes itself known to whoever writes or reads.
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (call.exchange.is_sending() && (broken || (events & EPOLLOUT) != 0)) {
        call.exchange.send();
        if (!call.exchange.is_sending()) call.limits.still_sending(loop.now());
    }
    if (broken || (events & EPOLLIN) != 0) read(call);
}

void HttpClient::Impl::read(HttpCall& call) {
    for (int reads = 0; call.reads(); ++reads) {
        if (reads == reads_a_turn) {
            tell_later(call.id);
            break;
        }
        const auto moved = call.exchange.read(buffer);
        if (moved.state == ByteStream::State::would_block) break;
        take(call, moved);
        if (!moved.hides) break;  // the loop tells of more
    }
    watch_time(call);
    tell(call);
}

void HttpClient::Impl::take(HttpCall& call, const ByteStream::Moved& moved) {
    const bool has_ended = moved.state != ByteStream::State::moved;
    if (has_ended && call.may_be_repeated(loop.now())) {
        call.exchange.close();
        return resolve(call);  // a fresh connection: there it is tried once
    }
    const auto came = has_ended ? call.lose(moved.state == ByteStream::State::broken)
                                : call.receive({buffer.data(), moved.bytes}, loop.now());
    if (came == HttpCall::Came::part || call.over) return;
    if (came == HttpCall::Came::whole)
        if (auto connection = call.exchange.finish()) idle.put(std::move(connection));
    stop(call);
}

// Nothing more comes from the upstream; the connection is closed here and now.
void HttpClient::Impl::stop(HttpCall& call) {
    call.over = true;
    call.dial.reset();
    call.exchange.close();
    loop.cancel(std::exchange(call.timer, 0));
}

void HttpClient::Impl::tell(HttpCall& call) {
    if (call.deliver()) finish(call);
}

void HttpClient::Impl::finish(HttpCall& call) {
    const auto ended = calls.extract(call.id);  // cancel() and pause() find it no more
    call.handler.on_done(call.failure ? &*call.failure : nullptr);
}

void HttpClient::Impl::tell_later(HttpCallId id) {
    later.push_back(id);
    if (later.size() > 1) return;  // posted already
    loop.post([weak = std::weak_ptr(self)] {
        if (const auto alive = weak.lock()) (*alive)->tell_posted();
    });
}

void HttpClient::Impl::tell_posted() {
    for (const HttpCallId id : std::exchange(later, {})) {
        HttpCall* call = find(id);
        if (call == nullptr) continue;
        if (call->cancelled)
            finish(*call);
        else if (!call->paused)
            go_on(*call);
    }
}

// First what came before the pause, then what has come since. Of bytes that a stream hides the loop
// does not tell.
void HttpClient::Impl::go_on(HttpCall& call) {
    const HttpCallId id = call.id;
    tell(call);
    HttpCall* left = find(id);
    if (left == nullptr || left->paused || left->cancelled) return;
    left->exchange.go_on();
    if (left->reads()) read(*left);
}

// Sees to it that a timer fires at the call's deadline or before. Most reads find one in place.
void HttpClient::Impl::watch_time(HttpCall& call) {
    const auto deadline = call.limits.deadline();
    if (!deadline || call.over) return;
    if (call.timer != 0 && call.timer_when <= *deadline) return;
    loop.cancel(call.timer);
    call.timer_when = *deadline;
    call.timer = loop.at(*deadline, [this, id = call.id] { on_time(id); });
}

void HttpClient::Impl::on_time(HttpCallId id) {
    HttpCall& call = *find(id);  // stop() cancels the timer
    call.timer = 0;
    if (call.paused) return;  // resume() looks again
    if (call.limits.waits_for_first_byte()) {
        // A long upload is no silence. One that ended since the last look counts as a short one.
        const uint64_t sent = call.exchange.sent();
        const bool goes_on = call.exchange.is_sending() && sent != call.sent;
        call.sent = sent;
        if (goes_on) call.limits.still_sending(loop.now());
    }
    if (loop.now() < *call.limits.deadline()) return watch_time(call);
    call.failure = call.limits.timeout_at(loop.now(), call.route.upstream.label);
    stop(call);
    tell(call);
}

HttpClient::HttpClient(EventLoop& loop, Resolver& resolver)
    : impl_(std::make_unique<Impl>(loop, resolver)) {}

HttpClient::~HttpClient() = default;

Result<HttpCallId> HttpClient::start(HttpCallOptions options, HttpHandler& handler) {
    auto upstream = check_request(options);
    if (!upstream) return std::unexpected(std::move(upstream.error()));

    auto proxy = impl_->proxies.proxy_for(*upstream);
    const HttpCallId id = ++impl_->last_id;
    Route route{std::move(*upstream), std::move(proxy), options.public_only};
    auto call = std::make_unique<HttpCall>(id, std::move(options), std::move(route), handler,
                                           *impl_, impl_->loop.now());
    HttpCall& started = *impl_->calls.emplace(id, std::move(call)).first->second;
    impl_->watch_time(started);
    impl_->launch(started);
    return id;
}

void HttpClient::cancel(HttpCallId id) {
    HttpCall* call = impl_->find(id);
    if (call == nullptr || std::exchange(call->cancelled, true)) return;
    call->failure =
        Error{.code = ErrorCode::cancelled,
              .message = fmt::format("the call to {} was cancelled", call->route.upstream.label)};
    impl_->stop(*call);
    impl_->tell_later(id);
}

void HttpClient::pause(HttpCallId id) {
    HttpCall* call = impl_->find(id);
    if (call == nullptr || call->cancelled || std::exchange(call->paused, true)) return;
    call->limits.pause(impl_->loop.now());
    call->exchange.hold();
}

void HttpClient::resume(HttpCallId id) {
    HttpCall* call = impl_->find(id);
    if (call == nullptr || call->cancelled || !std::exchange(call->paused, false)) return;
    call->limits.resume(impl_->loop.now());
    impl_->watch_time(*call);
    impl_->tell_later(id);
}

size_t HttpClient::running() const { return impl_->calls.size(); }

}  // namespace patchbay::net
