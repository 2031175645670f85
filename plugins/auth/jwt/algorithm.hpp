// The signature algorithms of RFC 7518, 3.1 and RFC 8037 that tokens may be signed with.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace jwt {

// What an algorithm needs a key to be. A key serves its own family only, so that no public key is
// ever taken for a shared secret.
enum class Family { hmac, rsa, ec, ed25519 };

struct Algorithm {
    std::string_view name;  // "ES256"
    Family family;
    const char* digest;      // OpenSSL's name; nullptr = the algorithm's own
    bool pss;                // of RSA: PSS with a salt as long as the digest
    const char* curve;       // of EC: OpenSSL's name of the group
    size_t signature_bytes;  // of EC and Ed25519; 0 = the key says
};

std::span<const Algorithm> all_algorithms();
const Algorithm* find_algorithm(std::string_view name);  // nullptr = unknown, "none" too

}  // namespace jwt
