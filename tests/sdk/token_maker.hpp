// Issuers of tokens for tests: real keys, real signatures, and whatever header and claims a test
// wants to try.
#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

std::string base64url(std::string_view bytes);

// A key pair: "RSA" (2048 bits), "RSA1024", "P-256", "P-384" or "Ed25519".
class KeyPair {
public:
    explicit KeyPair(const std::string& kind);

    std::string public_pem() const;
    nlohmann::json jwk(const std::string& kid) const;

    // The signature as a JWT has it: r || s for EC.
    std::string sign(const std::string& algorithm, const std::string& text) const;
    std::string sign_as_der(const std::string& text) const;  // ES256 as OpenSSL writes it

private:
    std::string number(const char* name, size_t bytes) const;

    std::string kind_;
    std::shared_ptr<evp_pkey_st> key_;
};

std::string hmac_sha256(const std::string& secret, const std::string& text);

// header.payload.signature of texts that need not be JSON.
template <class Sign>
std::string token_of(const std::string& header, const std::string& payload, Sign sign) {
    const auto text = base64url(header) + "." + base64url(payload);
    return text + "." + base64url(sign(text));
}
