// The proxy that the environment names for a call: http_proxy, https_proxy, all_proxy, no_proxy.
//
// libcurl could read them itself, but then it would also resolve the proxy's name, on a thread that
// cannot be interrupted.
#pragma once

#include "runtime/net/upstream_request.hpp"

#include <optional>
#include <string>

namespace patchbay::net {

struct Proxy {
    std::string url;
    Endpoint endpoint;

    bool speaks_http() const { return !url.starts_with("socks"); }
};

class ProxySettings {
public:
    static ProxySettings from_environment();

    // Nothing: connect directly. Loopback is never proxied.
    std::optional<Proxy> proxy_for(const Endpoint& upstream) const;

    std::string http;
    std::string https;
    std::string exceptions;  // no_proxy: "*", or names and their domains, by comma or space
};

}  // namespace patchbay::net
