#include "key.hpp"

#include "base64url.hpp"
#include "strict_json.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <optional>

namespace jwt {
namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::failure;
using patchbay::Result;

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

constexpr size_t least_secret_bytes = 32;
constexpr int least_rsa_bits = 2048;
constexpr int most_rsa_bits = 16384;  // a larger one costs more time than a request is worth
constexpr size_t most_keys = 100;

std::unexpected<patchbay::Error> bad(std::string message) {
    return std::unexpected(
        patchbay::Error{.code = ErrorCode::bad_request, .message = std::move(message)});
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(const json& jwk, const char* member) {
    const auto bytes = decode_base64url(text_member(jwk, member));
    if (!bytes || bytes->empty()) return nullptr;
    return Number(BN_bin2bn(bytes_of(*bytes), static_cast<int>(bytes->size()), nullptr));
}

KeyHandle key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    const bool made =
        parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
    return KeyHandle(made ? key : nullptr);
}

KeyHandle rsa_key(const json& jwk) {
    const auto n = number_of(jwk, "n");
    const auto e = number_of(jwk, "e");
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder) return nullptr;
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    return key_from("RSA", builder.get());
}

// The uncompressed point 04 || x || y; OpenSSL refuses one that is not on the curve.
KeyHandle ec_key(const json& jwk) {
    struct Curve {
        std::string_view name;
        const char* group;
        size_t bytes;
    };
    static constexpr std::array<Curve, 2> curves{
        {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}}};
    const auto curve = std::ranges::find(curves, text_member(jwk, "crv"), &Curve::name);
    const auto x = decode_base64url(text_member(jwk, "x"));
    const auto y = decode_base64url(text_member(jwk, "y"));
    const Builder builder(OSSL_PARAM_BLD_new());
    if (curve == curves.end() || !x || !y || !builder) return nullptr;
    if (x->size() != curve->bytes || y->size() != curve->bytes) return nullptr;
    const std::string point = "\x04" + *x + *y;
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    return key_from("EC", builder.get());
}

KeyHandle ed25519_key(const json& jwk) {
    const auto x = decode_base64url(text_member(jwk, "x"));
    if (text_member(jwk, "crv") != "Ed25519" || !x || x->size() != 32) return nullptr;
    return KeyHandle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), 32));
}

// RFC 7518, 3.4: r and s side by side, each as long as the curve's order; OpenSSL wants DER.
std::optional<std::string> der_of(std::string_view signature) {
    const auto half = signature.size() / 2;
    const auto part = [&](size_t at) {
        return BN_bin2bn(bytes_of(signature.substr(at, half)), static_cast<int>(half), nullptr);
    };
    const EcSignature pair(ECDSA_SIG_new());
    if (!pair || ECDSA_SIG_set0(pair.get(), part(0), part(half)) != 1) return std::nullopt;
    std::string der(static_cast<size_t>(std::max(i2d_ECDSA_SIG(pair.get(), nullptr), 0)), '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    if (der.empty() || i2d_ECDSA_SIG(pair.get(), &out) <= 0) return std::nullopt;
    return der;
}

bool is_right_hmac(const Algorithm& algorithm, std::string_view secret, std::string_view text,
                   std::string_view signature) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> expected;
    unsigned size = 0;
    const auto* made =
        HMAC(EVP_get_digestbyname(algorithm.digest), secret.data(), static_cast<int>(secret.size()),
             bytes_of(text), text.size(), expected.data(), &size);
    return made != nullptr && signature.size() == size &&
           CRYPTO_memcmp(expected.data(), signature.data(), size) == 0;
}

bool has_verify(const json& operations) {
    return operations.is_array() && std::ranges::find(operations, "verify") != operations.end();
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<Key> Key::from_secret(std::string secret) {
    if (secret.size() < least_secret_bytes) {
        return bad("the secret has " + std::to_string(secret.size()) +
                   " bytes, and needs 32 or more: make one with `openssl rand -hex 32`");
    }
    Key key;
    key.secret_ = std::move(secret);
    return key;
}

Result<Key> Key::of(KeyHandle handle) {
    Key key;
    const int type = EVP_PKEY_get_base_id(handle.get());
    if (type == EVP_PKEY_RSA) {
        key.family_ = Family::rsa;
        const int bits = EVP_PKEY_get_bits(handle.get());
        if (bits < least_rsa_bits) return bad("an RSA key of fewer than 2048 bits");
        if (bits > most_rsa_bits) return bad("an RSA key of more than 16384 bits");
        BIGNUM* exponent = nullptr;
        EVP_PKEY_get_bn_param(handle.get(), OSSL_PKEY_PARAM_RSA_E, &exponent);
        const Number e(exponent);
        if (!e || !BN_is_odd(e.get()) || BN_is_one(e.get())) {
            return bad("an RSA key whose exponent is even or 1");
        }
    } else if (type == EVP_PKEY_EC) {
        key.family_ = Family::ec;
        std::array<char, 64> name{};
        size_t size = 0;
        EVP_PKEY_get_group_name(handle.get(), name.data(), name.size(), &size);
        key.curve_.assign(name.data(), size);
    } else if (type == EVP_PKEY_ED25519) {
        key.family_ = Family::ed25519;
    } else {
        return bad("a key that is neither RSA, EC nor Ed25519");
    }
    key.key_ = std::move(handle);
    return key;
}

Result<Key> Key::from_pem(std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    KeyHandle key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!key) return bad("no public key in PEM (\"-----BEGIN PUBLIC KEY-----\")");
    return of(std::move(key));
}

Result<Key> Key::from_jwk(const json& jwk) {
    if (!jwk.is_object()) return bad("an entry that is no object");
    if (jwk.contains("use") && text_member(jwk, "use") != "sig")
        return bad("no key for signatures");
    if (jwk.contains("key_ops") && !has_verify(jwk["key_ops"])) return bad("no key for verifying");
    const auto type = text_member(jwk, "kty");
    KeyHandle handle = type == "RSA"   ? rsa_key(jwk)
                       : type == "EC"  ? ec_key(jwk)
                       : type == "OKP" ? ed25519_key(jwk)
                                       : nullptr;
    if (!handle) return bad("a key of kty \"" + type + "\" that cannot be read");
    auto key = of(std::move(handle));
    if (!key) return key;
    key->id_ = text_member(jwk, "kid");
    key->algorithm_ = text_member(jwk, "alg");
    return key;
}

bool Key::fits(const Algorithm& algorithm) const {
    if (family_ != algorithm.family) return false;
    if (!algorithm_.empty() && algorithm_ != algorithm.name) return false;
    return algorithm.curve == nullptr || curve_ == algorithm.curve;
}

bool Key::verifies(const Algorithm& algorithm, std::string_view text,
                   std::string_view signature) const {
    if (!fits(algorithm) || signature.empty()) return false;
    if (algorithm.signature_bytes != 0 && signature.size() != algorithm.signature_bytes)
        return false;
    if (family_ == Family::hmac) return is_right_hmac(algorithm, secret_, text, signature);

    std::optional<std::string> der;
    if (family_ == Family::ec) {
        der = der_of(signature);
        if (!der) return false;
        signature = *der;
    }
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;
    const auto* digest = algorithm.digest ? EVP_get_digestbyname(algorithm.digest) : nullptr;
    if (!context ||
        EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key_.get()) != 1) {
        return false;
    }
    if (algorithm.pss &&
        (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1)) {
        return false;
    }
    return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                            text.size()) == 1;
}

Result<std::vector<Key>> parse_key_set(std::string_view text) {
    const auto set = parse_object(text);
    if (!set || !set->contains("keys") || !(*set)["keys"].is_array()) {
        return bad("no JWK Set: an object with a list \"keys\" is expected");
    }
    const auto& entries = (*set)["keys"];
    if (entries.size() > most_keys) return bad("a JWK Set of more than 100 keys");
    std::vector<Key> keys;
    for (const auto& entry : entries) {
        if (auto key = Key::from_jwk(entry)) keys.push_back(std::move(*key));
    }
    return keys;
}

std::vector<const Key*> candidates(const std::vector<Key>& keys, const Algorithm& algorithm,
                                   std::string_view kid) {
    std::vector<const Key*> found;
    for (const auto& key : keys) {
        if (!key.fits(algorithm)) continue;
        if (key.id().empty() || kid.empty() || key.id() == kid) found.push_back(&key);
    }
    const bool ambiguous = kid.empty() && found.size() > 1 &&
                           std::ranges::any_of(found, [](auto* key) { return !key->id().empty(); });
    if (ambiguous) found.clear();
    return found;
}

}  // namespace jwt
