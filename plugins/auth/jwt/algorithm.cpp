#include "algorithm.hpp"

#include <algorithm>
#include <array>

namespace jwt {
namespace {

constexpr auto algorithms = std::to_array<Algorithm>({
    {"HS256", Family::hmac, "SHA256", false, nullptr, 32},
    {"HS384", Family::hmac, "SHA384", false, nullptr, 48},
    {"HS512", Family::hmac, "SHA512", false, nullptr, 64},
    {"RS256", Family::rsa, "SHA256", false, nullptr, 0},
    {"RS384", Family::rsa, "SHA384", false, nullptr, 0},
    {"RS512", Family::rsa, "SHA512", false, nullptr, 0},
    {"PS256", Family::rsa, "SHA256", true, nullptr, 0},
    {"PS384", Family::rsa, "SHA384", true, nullptr, 0},
    {"PS512", Family::rsa, "SHA512", true, nullptr, 0},
    {"ES256", Family::ec, "SHA256", false, "prime256v1", 64},
    {"ES384", Family::ec, "SHA384", false, "secp384r1", 96},
    {"EdDSA", Family::ed25519, nullptr, false, nullptr, 64},
});

}  // namespace

std::span<const Algorithm> all_algorithms() { return algorithms; }

const Algorithm* find_algorithm(std::string_view name) {
    const auto found = std::ranges::find(algorithms, name, &Algorithm::name);
    return found == algorithms.end() ? nullptr : &*found;
}

}  // namespace jwt
