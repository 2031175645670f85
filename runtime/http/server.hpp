// The HTTP side of the server: takes whole requests from the gate, finds their route, asks who is
// there, and calls the route's handler.
//
//   gate → worker: route, CORS, 404/405 → check lane: auth → worker: role, handler
//
// Life       borrows everything it is given; destroyed after gate, workers and lanes have stopped.
// Threads    handle() is [any-thread] and does not block; the rest runs on workers and lanes.
#pragma once

#include "runtime/config/current.hpp"
#include "runtime/engine/credential_directory.hpp"
#include "runtime/engine/engine.hpp"
#include "runtime/http/administration.hpp"
#include "runtime/http/call.hpp"
#include "runtime/http/client_address.hpp"
#include "runtime/http/cors.hpp"
#include "runtime/http/credential_guard.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/net/deadlines.hpp"
#include "runtime/net/event_stream.hpp"
#include "runtime/net/gate.hpp"
#include "runtime/observe/metrics.hpp"
#include "runtime/plugins/check_lane.hpp"

#include <string>
#include <vector>

namespace patchbay::http {

struct ServerOptions {
    std::vector<plugins::AuthPlugin> auth;  // asked in this order
    bool allow_anonymous = false;           // without credentials: the owner "anonymous"
    Cors cors{{}};
    TrustedProxies trusted_proxies{{}};
    uint64_t bad_credentials_per_minute = 0;  // of one address; 0 = any number
    net::EventStreamOptions streams;
};

class Server {
public:
    Server(engine::Engine& engine, plugins::CheckLane& checks, net::Deadlines& deadlines,
           plugins::Registry& registry, engine::CredentialDirectory& credentials,
           Administration administration, ServerOptions options);

    void handle(net::Exchange exchange);

    // What an error bears when the gate answers it, without a call. [any-thread]
    net::Headers error_headers(const std::string& origin) const {
        return options_.get()->cors.headers_for(origin);
    }

    // Requests that have come go on by the options that they came under. [any-thread]
    void set_options(ServerOptions options) { options_.set(std::move(options)); }

    // For handlers.
    engine::Engine& engine() { return engine_; }
    Store& store() { return engine_.store(); }
    plugins::Registry& registry() { return registry_; }
    engine::CredentialDirectory& credentials() { return credentials_; }
    const Administration& administration() const { return administration_; }
    net::Deadlines& deadlines() { return deadlines_; }
    void set_gate(const net::Gate& gate) { gate_ = &gate; }  // before the first request

    // What a scrape shows beside the server's own figures; before the first request.
    using MoreMetrics = std::function<void(observe::Metrics&)>;
    void set_more_metrics(MoreMetrics more) { more_metrics_ = std::move(more); }
    void add_more_metrics(observe::Metrics& metrics) const {
        if (more_metrics_) more_metrics_(metrics);
    }
    const net::GateCounters& gate_counters() const { return gate_->counters(); }

private:
    void route(CallRef call);
    void preflight(CallRef call);
    void authenticate(CallRef call, const Route& route);
    void authorized(CallRef call, const Route& route);

    engine::Engine& engine_;
    plugins::CheckLane& checks_;
    plugins::Registry& registry_;
    engine::CredentialDirectory& credentials_;
    const Administration administration_;
    config::Current<ServerOptions> options_;
    CredentialGuard guard_;
    const net::Gate* gate_ = nullptr;
    MoreMetrics more_metrics_;
    net::Deadlines& deadlines_;
};

}  // namespace patchbay::http
