// Where a request comes from, seen through the proxies that the config trusts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http {

class TrustedProxies {
public:
    // IP addresses, networks ("10.0.0.0/8"), and "unix:" for whoever connects to a Unix socket, as
    // config::is_network() has checked them.
    explicit TrustedProxies(const std::vector<std::string>& networks);

    // The client's address: that of the connection, or, when a trusted proxy made it, the last one
    // in X-Forwarded-For that is no trusted proxy itself. What an untrusted client has put there
    // stands before it and is not believed.
    std::string client_of(const std::string& peer, std::string_view forwarded_for) const;

private:
    using Address = std::array<uint8_t, 16>;  // IPv6; an IPv4 address as ::ffff:a.b.c.d

    struct Network {
        Address address;
        unsigned prefix_bits;
    };

    static std::optional<Address> parsed(const std::string& text);

    bool trusts(const std::string& address) const;

    std::vector<Network> networks_;
    bool unix_sockets_ = false;
};

}  // namespace patchbay::http
