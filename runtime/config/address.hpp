// Addresses as they stand in a config: where to listen, and whom to trust.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::config {

struct ListenAddress {
    std::string host;  // "127.0.0.1", "::1"; "" for a unix socket
    uint16_t port = 0;
    std::string path;  // of a unix socket

    // Only this machine can reach it.
    bool is_local() const;
};

// "127.0.0.1:8080", "[::1]:8080", "unix:/run/patchbay.sock"; nothing when it is none of these.
std::optional<ListenAddress> parse_address(std::string_view text);

// "10.0.0.1", "::1", "10.0.0.0/8".
bool is_network(std::string_view text);

// "https://app.example.com", "http://localhost:*".
bool is_origin(std::string_view text);

}  // namespace patchbay::config
