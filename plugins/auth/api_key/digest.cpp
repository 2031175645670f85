#include "digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdexcept>

namespace api_key {

Digest sha256(std::string_view text) {
    Digest digest;
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("cannot compute a SHA-256");
    return digest;
}

bool equals(const Digest& digest, std::string_view expected) {
    return expected.size() == digest.size() &&
           CRYPTO_memcmp(digest.data(), expected.data(), digest.size()) == 0;
}

bool equals(const Digest& digest, const Digest& expected) {
    return CRYPTO_memcmp(digest.data(), expected.data(), digest.size()) == 0;
}

}  // namespace api_key
