#include "runtime/config/address.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>

namespace patchbay::config {
namespace {

bool is_ip(const std::string& text, int family) {
    unsigned char bytes[sizeof(in6_addr)];
    return inet_pton(family, text.c_str(), bytes) == 1;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool starts_with_scheme(std::string_view& text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        text.remove_prefix(scheme.size());
        return true;
    }
    return false;
}

}  // namespace

bool ListenAddress::is_local() const {
    return !path.empty() || host == "::1" || host.starts_with("127.");
}

std::optional<ListenAddress> parse_address(std::string_view text) {
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) {
        const std::string path(text.substr(unix_prefix.size()));
        const bool fits = path.size() > 1 && path.size() < sizeof(sockaddr_un::sun_path);
        if (!fits || path.front() != '/') return std::nullopt;
        return ListenAddress{.path = path};
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_number<uint16_t>(text.substr(colon + 1));
    if (!port) return std::nullopt;
    std::string host(text.substr(0, colon));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (!is_ip(host, AF_INET6)) return std::nullopt;
    } else if (!is_ip(host, AF_INET)) {
        return std::nullopt;
    }
    return ListenAddress{.host = host, .port = *port};
}

bool is_network(std::string_view text) {
    const auto slash = text.find('/');
    const std::string host(text.substr(0, slash));
    const bool is_v4 = is_ip(host, AF_INET);
    if (!is_v4 && !is_ip(host, AF_INET6)) return false;
    if (slash == std::string_view::npos) return true;
    const auto bits = parse_number<uint8_t>(text.substr(slash + 1));
    return bits && *bits <= (is_v4 ? 32 : 128);
}

bool is_origin(std::string_view text) {
    if (!starts_with_scheme(text)) return false;
    const auto port = text.ends_with(":*") ? text.size() - 2 : text.size();
    const auto host = text.substr(0, port);
    return !host.empty() && host.find_first_of("/ *?#\"\\") == std::string_view::npos;
}

}  // namespace patchbay::config
