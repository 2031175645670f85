#include "runtime/net/upstream_proxy.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace patchbay::net {

namespace {

std::string first_set(std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    });
}

// Whether `host` is `domain` or lies in it: "example.org" covers "api.example.org".
bool is_within(std::string_view host, std::string_view domain) {
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.empty() || host.size() < domain.size()) return false;
    if (!equal_ignoring_case(host.substr(host.size() - domain.size()), domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool is_excepted(std::string_view exceptions, std::string_view host) {
    while (!exceptions.empty()) {
        const size_t end = exceptions.find_first_of(", ");
        const std::string_view entry = exceptions.substr(0, end);
        if (entry == "*" || is_within(host, entry)) return true;
        exceptions.remove_prefix(end == std::string_view::npos ? exceptions.size() : end + 1);
    }
    return false;
}

// `authority` is "user:password@host:port/", or less of it.
bool names_a_port(std::string_view authority) {
    const size_t at = authority.find('@');
    if (at != std::string_view::npos) authority.remove_prefix(at + 1);
    const size_t bracket = authority.find(']');
    if (bracket != std::string_view::npos) authority.remove_prefix(bracket);
    return authority.find(':') != std::string_view::npos;
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
    ProxySettings settings;
    // HTTP_PROXY is left alone: under CGI it is a header that the client chose.
    settings.http = first_set({"http_proxy", "all_proxy", "ALL_PROXY"});
    settings.https = first_set({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    settings.exceptions = first_set({"no_proxy", "NO_PROXY"});
    return settings;
}

std::optional<Proxy> ProxySettings::proxy_for(const Endpoint& upstream) const {
    std::string url = upstream.scheme == "https" ? https : http;
    if (url.empty() || upstream.is_loopback() || is_excepted(exceptions, upstream.host))
        return std::nullopt;
    if (url.find("://") == std::string::npos) url.insert(0, "http://");
    // The forms in which the proxy resolves the upstream's name, not we.
    if (url.starts_with("socks5://")) url.replace(0, 6, "socks5h");
    if (url.starts_with("socks4://")) url.replace(0, 6, "socks4a");

    // A SOCKS scheme is not one that libcurl parses as a URL's; only host and port matter here. A
    // proxy that cannot be parsed has no endpoint and fails the call: it must not go out directly.
    const size_t start = url.find("://") + 3;
    const auto endpoint =
        parse_endpoint(url.starts_with("socks") ? "http://" + url.substr(start) : url);
    Proxy proxy{.url = url, .endpoint = endpoint.value_or(Endpoint{})};
    if (!url.starts_with("https") && !names_a_port(std::string_view(url).substr(start)))
        proxy.endpoint.port = 1080;  // as libcurl has it
    return proxy;
}

}  // namespace patchbay::net
