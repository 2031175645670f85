// Where a call goes, and by which road.
#pragma once

#include "runtime/net/upstream_proxy.hpp"
#include "runtime/net/upstream_request.hpp"

#include <optional>
#include <string>

namespace patchbay::net {

struct Route {
    Endpoint upstream;
    std::optional<Proxy> proxy;
    bool public_only = false;  // see HttpCallOptions

    // The end whose name has to be resolved.
    const Endpoint& next_hop() const { return proxy ? proxy->endpoint : upstream; }
    // Whether what goes over the connection is encrypted between here and the next hop.
    bool uses_tls() const;
    // Requests are not tunnelled through the proxy but addressed to it.
    bool asks_proxy() const;
    // Connections of the same key are as good as each other, whatever is asked over them. One that
    // was not checked to be public is never as good as one that was.
    std::string key() const;
};

}  // namespace patchbay::net
