#include "token_maker.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace {

void check(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

EVP_PKEY* generate(const std::string& kind) {
    if (kind == "RSA") return EVP_RSA_gen(2048);
    if (kind == "RSA1024") return EVP_RSA_gen(1024);
    if (kind == "P-256") return EVP_EC_gen("P-256");
    if (kind == "P-384") return EVP_EC_gen("P-384");
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

const EVP_MD* digest_of(const std::string& algorithm) {
    if (algorithm == "EdDSA") return nullptr;
    const auto bits = algorithm.substr(2);
    return bits == "256" ? EVP_sha256() : bits == "384" ? EVP_sha384() : EVP_sha512();
}

std::string raw_of(const std::string& der, int bytes) {
    const auto* in = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size()));
    std::string raw(static_cast<size_t>(bytes) * 2, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, bytes);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + bytes, bytes);
    ECDSA_SIG_free(pair);
    return raw;
}

std::string sign_with(EVP_PKEY* key, const std::string& algorithm, const std::string& text) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* settings = nullptr;
    check(EVP_DigestSignInit(context, &settings, digest_of(algorithm), nullptr, key) == 1, "sign");
    if (algorithm.starts_with("PS")) {
        EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    size_t size = 0;
    check(EVP_DigestSign(context, nullptr, &size, bytes, text.size()) == 1, "sign");
    std::string signature(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    check(EVP_DigestSign(context, out, &size, bytes, text.size()) == 1, "sign");
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return signature;
}

}  // namespace

std::string base64url(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(size));
    while (text.ends_with('=')) text.pop_back();
    for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

KeyPair::KeyPair(const std::string& kind) : kind_(kind), key_(generate(kind), EVP_PKEY_free) {
    check(key_ != nullptr, "make a key");
}

std::string KeyPair::public_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_.get());
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
}

std::string KeyPair::number(const char* name, size_t bytes) const {
    BIGNUM* value = nullptr;
    check(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1, "read a key");
    std::string text(bytes ? bytes : static_cast<size_t>(BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(text.data()),
                 static_cast<int>(text.size()));
    BN_free(value);
    return base64url(text);
}

nlohmann::json KeyPair::jwk(const std::string& kid) const {
    nlohmann::json jwk{{"kid", kid}, {"use", "sig"}};
    if (kind_.starts_with("RSA")) {
        jwk["kty"] = "RSA";
        jwk["n"] = number(OSSL_PKEY_PARAM_RSA_N, 0);
        jwk["e"] = number(OSSL_PKEY_PARAM_RSA_E, 0);
    } else if (kind_.starts_with("P-")) {
        const size_t bytes = kind_ == "P-256" ? 32 : 48;
        jwk["kty"] = "EC";
        jwk["crv"] = kind_;
        jwk["x"] = number(OSSL_PKEY_PARAM_EC_PUB_X, bytes);
        jwk["y"] = number(OSSL_PKEY_PARAM_EC_PUB_Y, bytes);
    } else {
        std::string raw(32, '\0');
        size_t size = raw.size();
        EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                    &size);
        jwk["kty"] = "OKP";
        jwk["crv"] = "Ed25519";
        jwk["x"] = base64url(raw);
    }
    return jwk;
}

std::string KeyPair::sign(const std::string& algorithm, const std::string& text) const {
    const auto signature = sign_with(key_.get(), algorithm, text);
    if (kind_ == "P-256") return raw_of(signature, 32);
    return kind_ == "P-384" ? raw_of(signature, 48) : signature;
}

std::string KeyPair::sign_as_der(const std::string& text) const {
    return sign_with(key_.get(), "ES256", text);
}

std::string hmac_sha256(const std::string& secret, const std::string& text) {
    std::string signature(32, '\0');
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(signature.data()), &size);
    return signature;
}
