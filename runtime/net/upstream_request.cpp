#include "runtime/net/upstream_request.hpp"

#include "runtime/net/header_text.hpp"
#include "runtime/net/http_client.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/url_parts.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

namespace patchbay::net {

namespace {

bool breaks_a_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

bool Endpoint::is_loopback() const {
    return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
           (host.starts_with("127.") && !Resolver::literal(host).empty());
}

Result<Endpoint> parse_endpoint(const std::string& url) {
    // The URL itself stays out of the message: its path or query may hold a secret.
    const auto refused = failure(ErrorCode::bad_request, "the URL is not a valid http(s) URL");
    const ParsedUrl parsed = parse_url(url);
    if (!parsed) return refused;

    Endpoint endpoint;
    endpoint.scheme = part_of(parsed, CURLUPART_SCHEME);
    endpoint.host = part_of(parsed, CURLUPART_HOST, CURLU_PUNYCODE);
    if (std::string literal = Resolver::literal(endpoint.host); !literal.empty())
        endpoint.host = std::move(literal);
    endpoint.zone = part_of(parsed, CURLUPART_ZONEID);
    const std::string port = part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    endpoint.port = static_cast<uint16_t>(std::strtoul(port.c_str(), nullptr, 10));
    if (endpoint.host.empty() || endpoint.port == 0) return refused;
    const bool is_v6 = endpoint.host.find(':') != std::string::npos;
    endpoint.label = is_v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                           : fmt::format("{}:{}", endpoint.host, endpoint.port);
    return endpoint;
}

Result<Endpoint> check_request(const HttpCallOptions& options) {
    if (!is_token(options.method))
        return failure(ErrorCode::bad_request, "the method is not an HTTP method");
    for (const auto& [name, value] : options.headers) {
        if (!is_token(name))
            return failure(ErrorCode::bad_request, "a header's name is not an HTTP token");
        if (breaks_a_line(value))
            return failure(ErrorCode::bad_request,
                           fmt::format("the header {} has a CR, LF or NUL in its value", name));
    }
    auto endpoint = parse_endpoint(options.url);
    if (endpoint && endpoint->scheme != "http" && endpoint->scheme != "https")
        return failure(ErrorCode::bad_request, "the URL's scheme is not http or https");
    return endpoint;
}

}  // namespace patchbay::net
