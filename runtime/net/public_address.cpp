#include "runtime/net/public_address.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace patchbay::net {

namespace {

struct Block4 {
    uint32_t address;
    unsigned bits;
};

constexpr uint32_t quad(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    return a << 24 | b << 16 | c << 8 | d;
}

constexpr std::array not_public_v4{
    Block4{quad(0, 0, 0, 0), 8},         // this network; 0.0.0.0 connects to this machine
    Block4{quad(10, 0, 0, 0), 8},        // private
    Block4{quad(100, 64, 0, 0), 10},     // carrier-grade NAT
    Block4{quad(127, 0, 0, 0), 8},       // loopback
    Block4{quad(168, 63, 129, 16), 32},  // Azure's host, in each of its virtual networks
    Block4{quad(169, 254, 0, 0), 16},    // link-local: clouds tell secrets there
    Block4{quad(172, 16, 0, 0), 12},     // private
    Block4{quad(192, 0, 0, 0), 24},      // protocol assignments
    Block4{quad(192, 0, 2, 0), 24},      // documentation
    Block4{quad(192, 88, 99, 0), 24},    // relays of 6to4, given up
    Block4{quad(192, 168, 0, 0), 16},    // private
    Block4{quad(198, 18, 0, 0), 15},     // benchmarks
    Block4{quad(198, 51, 100, 0), 24},   // documentation
    Block4{quad(203, 0, 113, 0), 24},    // documentation
    Block4{quad(224, 0, 0, 0), 4},       // multicast
    Block4{quad(240, 0, 0, 0), 4},       // reserved, and the broadcast address
};

bool is_public_v4(uint32_t address) {
    return std::ranges::none_of(not_public_v4, [address](const Block4& block) {
        return (address ^ block.address) >> (32 - block.bits) == 0;
    });
}

using Bytes = std::span<const uint8_t, 16>;

uint32_t v4_at(Bytes bytes, size_t at) {
    return quad(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

struct Block6 {
    std::array<uint8_t, 12> prefix;
    unsigned bits;

    bool holds(Bytes bytes) const {
        const size_t whole = bits / 8;
        if (!std::equal(prefix.begin(), prefix.begin() + whole, bytes.begin())) return false;
        const unsigned rest = bits % 8;
        return rest == 0 || (prefix[whole] ^ bytes[whole]) >> (8 - rest) == 0;
    }
};

constexpr Block6 mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96};
constexpr Block6 nat64{{0x00, 0x64, 0xFF, 0x9B}, 96};
constexpr Block6 six_to_four{{0x20, 0x02}, 16};

// All that IANA has given out for the public; ULA, link-local, multicast, the unspecified address,
// loopback and IPv4-compatible ones lie outside.
constexpr Block6 global_unicast{{0x20}, 3};
constexpr std::array not_public_v6{
    Block6{{0x20, 0x01, 0x00}, 23},        // protocol assignments, Teredo and ORCHID among them
    Block6{{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
    Block6{{0x3F, 0xFE}, 16},              // the 6bone, given back
    Block6{{0x3F, 0xFF, 0x00}, 20},        // documentation
};

bool is_public_v6(Bytes bytes) {
    if (mapped.holds(bytes) || nat64.holds(bytes)) return is_public_v4(v4_at(bytes, 12));
    if (six_to_four.holds(bytes)) return is_public_v4(v4_at(bytes, 2));
    return global_unicast.holds(bytes) &&
           std::ranges::none_of(not_public_v6,
                                [bytes](const Block6& block) { return block.holds(bytes); });
}

}  // namespace

bool is_public(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return is_public_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        return is_public_v6(Bytes(v6.sin6_addr.s6_addr, 16));
    }
    return false;
}

}  // namespace patchbay::net
