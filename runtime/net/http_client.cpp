#include "runtime/net/http_client.hpp"

#include "runtime/net/curl_multi.hpp"
#include "runtime/net/curl_transfer.hpp"
#include "runtime/net/http_call.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/upstream_proxy.hpp"
#include "runtime/net/upstream_request.hpp"
#include "runtime/net/upstream_trust.hpp"

#include <fmt/format.h>

#include <cassert>
#include <unordered_map>
#include <utility>

namespace patchbay::net {

namespace {

constexpr size_t spare_transfers_kept = 256;

}  // namespace

// Handlers are called from tell() alone. It runs between libcurl's actions and never inside itself,
// so a handler may do anything to any call; and a call is destroyed where nobody is using it.
struct HttpClient::Impl {
    Impl(EventLoop& loop_of_lane, Resolver& resolver_of_server)
        : loop(loop_of_lane),
          resolver(resolver_of_server),
          multi(loop_of_lane, [this] { after_action(); }) {}
    ~Impl();

    HttpCall* find(HttpCallId id);
    void resolve(HttpCall& call);
    void resolved(HttpCallId id, const Result<std::vector<std::string>>& addresses);
    void launch(HttpCall& call, const std::vector<std::string>& addresses);
    void stop(HttpCall& call);

    void after_action();
    void collect_ended();
    void tell_touched();
    void tell(HttpCall& call);
    void finish(HttpCall& call);
    void tell_later(HttpCallId id);
    void tell_posted();

    void watch_time(HttpCall& call);
    void on_time(HttpCallId id);

    EventLoop& loop;
    Resolver& resolver;
    const ProxySettings proxies = ProxySettings::from_environment();
    const TrustedAuthorities authorities = TrustedAuthorities::from_environment();
    TransferNews news;
    CurlMulti multi;
    std::unordered_map<HttpCallId, std::unique_ptr<HttpCall>> calls;
    HttpCallId last_id = 0;
    std::vector<std::unique_ptr<Transfer>> spare_transfers;
    HeaderViews headers;              // scratch
    std::vector<HttpCallId> telling;  // scratch
    std::vector<HttpCallId> later;    // resumed or cancelled: told on a later turn
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

void HttpClient::Impl::resolve(HttpCall& call) {
    const std::string& host = call.route.next_hop().host;
    if (host.empty() || !Resolver::literal(host).empty()) return launch(call, {});
    resolver.resolve(host, call.options.connect_timeout, loop,
                     [weak = std::weak_ptr(self), id = call.id](auto addresses) {
                         if (const auto alive = weak.lock()) (*alive)->resolved(id, addresses);
                     });
}

void HttpClient::Impl::resolved(HttpCallId id, const Result<std::vector<std::string>>& addresses) {
    HttpCall* call = find(id);
    if (call == nullptr || call->over) return;
    if (addresses) return launch(*call, *addresses);
    call->failure = addresses.error();
    stop(*call);
    tell(*call);
}

void HttpClient::Impl::launch(HttpCall& call, const std::vector<std::string>& addresses) {
    if (spare_transfers.empty())
        spare_transfers.push_back(std::make_unique<Transfer>(news, authorities));
    call.transfer = std::move(spare_transfers.back());
    spare_transfers.pop_back();
    call.transfer->prepare(call.id, call.options, call.route, addresses);
    if (call.paused) call.transfer->hold();
    call.running = true;
    multi.add(call.transfer->easy());
}

// Nothing more comes from the upstream; an unfinished transfer's connection is closed here and now.
void HttpClient::Impl::stop(HttpCall& call) {
    call.over = true;
    if (std::exchange(call.running, false)) multi.remove(call.transfer->easy());
    loop.cancel(std::exchange(call.timer, 0));
}

void HttpClient::Impl::after_action() {
    collect_ended();
    tell_touched();
}

void HttpClient::Impl::collect_ended() {
    while (const auto ended = multi.next_ended()) {
        Transfer& transfer = Transfer::of(ended->easy);
        HttpCall& call = *find(transfer.call);
        call.failure = transfer.failure(ended->code, call.route.upstream.label);
        stop(call);
        if (!std::exchange(transfer.touched, true)) news.touched.push_back(call.id);
    }
}

void HttpClient::Impl::tell_touched() {
    telling.swap(news.touched);
    for (const HttpCallId id : telling) {
        HttpCall* call = find(id);
        if (call == nullptr) continue;
        Transfer& transfer = *call->transfer;
        transfer.touched = false;
        if (transfer.connected) call->limits.connected(loop.now());
        if (!transfer.body.empty()) call->limits.read(loop.now());
        watch_time(*call);
        tell(*call);
    }
    telling.clear();
}

void HttpClient::Impl::tell(HttpCall& call) {
    bool ended = call.deliver(headers);
    if (call.refused && !call.over) {
        stop(call);
        ended = call.deliver(headers);
    }
    if (ended) finish(call);
}

void HttpClient::Impl::finish(HttpCall& call) {
    const auto ended = calls.extract(call.id);  // cancel() and pause() find it no more
    if (call.transfer && spare_transfers.size() < spare_transfers_kept) {
        call.transfer->clear();
        spare_transfers.push_back(std::move(call.transfer));
    }
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
        if (call->cancelled) {
            finish(*call);
        } else if (!call->paused) {
            if (call->running) call->transfer->go_on();  // may copy bytes: tell_touched() is next
            tell(*call);
        }
    }
    tell_touched();
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
    if (call.running && call.limits.waits_for_first_byte()) {
        // A long upload is no silence. One that ended since the last look counts as a short one.
        const uint64_t uploaded = call.transfer->uploaded();
        const bool goes_on = uploaded < call.options.body.size() && uploaded != call.uploaded;
        call.uploaded = uploaded;
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
    auto call = std::make_unique<HttpCall>(id, std::move(options),
                                           Route{std::move(*upstream), std::move(proxy)}, handler,
                                           impl_->loop.now());
    HttpCall& started = *impl_->calls.emplace(id, std::move(call)).first->second;
    impl_->watch_time(started);
    impl_->resolve(started);
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
    if (call->running) call->transfer->hold();
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
