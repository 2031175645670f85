// What a call asks of an upstream, checked: nothing unchecked reaches libcurl.
#pragma once

#include <patchbay/error.hpp>

#include <cstdint>
#include <string>

namespace patchbay::net {

struct HttpCallOptions;

// Where an upstream listens.
struct Endpoint {
    std::string scheme;  // "http", "https"; of a proxy also "socks5h", …
    std::string host;    // as DNS knows it, an IPv6 literal without brackets
    std::string zone;    // of a link-local IPv6 address, mostly ""
    uint16_t port = 0;
    std::string label;  // "host:port", for people: no credentials, path or query

    // RFC 6761's names for this machine, and its addresses.
    bool is_loopback() const;
};

// bad_request: not a URL with one of libcurl's schemes.
Result<Endpoint> parse_endpoint(const std::string& url);

// bad_request: not an http(s) URL, a method that is no token, a header with CR, LF or NUL.
Result<Endpoint> check_request(const HttpCallOptions& options);

}  // namespace patchbay::net
