#include "runtime/http/client_address.hpp"

#include <Poco/String.h>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace patchbay::http {
namespace {

constexpr std::string_view unix_socket = "unix:";
constexpr unsigned mapped_bits = 96;  // before the IPv4 address in an IPv6 one
constexpr unsigned all_bits = 128;

}  // namespace

std::optional<TrustedProxies::Address> TrustedProxies::parsed(const std::string& text) {
    Address address{};
    if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
    if (inet_pton(AF_INET, text.c_str(), address.data() + mapped_bits / 8) != 1)
        return std::nullopt;
    address[10] = address[11] = 0xFF;
    return address;
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
    for (const auto& network : networks) {
        const auto slash = network.find('/');
        const auto host = network.substr(0, slash);
        const auto address = parsed(host);
        if (network == unix_socket) unix_sockets_ = true;
        if (!address) continue;
        unsigned bits = all_bits;
        if (slash != std::string::npos) {
            std::from_chars(network.data() + slash + 1, network.data() + network.size(), bits);
            if (host.find(':') == std::string::npos) bits += mapped_bits;
        }
        networks_.push_back({*address, std::min(bits, all_bits)});
    }
}

bool TrustedProxies::trusts(const std::string& text) const {
    if (text.empty()) return unix_sockets_;
    const auto address = parsed(text);
    return address && std::ranges::any_of(networks_, [&](const Network& network) {
               const unsigned whole = network.prefix_bits / 8;
               const unsigned rest = network.prefix_bits % 8;
               const auto* a = address->data();
               const auto* b = network.address.data();
               return std::equal(a, a + whole, b) &&
                      (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
           });
}

std::string TrustedProxies::client_of(const std::string& peer,
                                      std::string_view forwarded_for) const {
    std::string client = peer;
    while (!forwarded_for.empty() && trusts(client)) {
        const auto comma = forwarded_for.rfind(',');
        const auto start = comma == std::string_view::npos ? 0 : comma + 1;
        const auto next = Poco::trim(std::string(forwarded_for.substr(start)));
        if (!parsed(next)) break;  // what is no address names nobody
        client = next;
        forwarded_for = forwarded_for.substr(0, start == 0 ? 0 : comma);
    }
    return client;
}

}  // namespace patchbay::http
