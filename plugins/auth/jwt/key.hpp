// Keys that signatures are checked with: a shared secret, or public keys from PEM or a JWK Set
// (RFC 7517).
#pragma once

#include "algorithm.hpp"

#include <patchbay/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace jwt {

struct FreeKey {
    void operator()(evp_pkey_st* key) const;
};

class Key {
public:
    // bad_request when it has fewer than 32 bytes (RFC 7518, 3.2).
    static patchbay::Result<Key> from_secret(std::string secret);

    // bad_request when it is no public key in PEM, or a weak or foreign one.
    static patchbay::Result<Key> from_pem(std::string_view pem);

    // One entry of a set's "keys". bad_request when it is of an unknown kind, malformed, weak, or
    // not for signatures.
    static patchbay::Result<Key> from_jwk(const nlohmann::json& jwk);

    const std::string& id() const { return id_; }  // "kid"; "" = none

    // Whether a token of this algorithm may be signed with it.
    bool fits(const Algorithm& algorithm) const;

    // Whether `signature` is that of `text`. False also for one of a wrong length or form.
    bool verifies(const Algorithm& algorithm, std::string_view text,
                  std::string_view signature) const;

private:
    static patchbay::Result<Key> of(std::unique_ptr<evp_pkey_st, FreeKey> key);

    Family family_ = Family::hmac;
    std::string id_;
    std::string algorithm_;  // the only one, when the set says so
    std::string curve_;
    std::string secret_;
    std::shared_ptr<evp_pkey_st> key_;
};

// The keys of a JWK Set; those that cannot be used are left out. bad_request when it is none.
patchbay::Result<std::vector<Key>> parse_key_set(std::string_view json);

// The keys that may have signed a token with this algorithm and "kid" ("" = none was named). One
// without an id is tried for every kid; without a kid, the set must leave no choice.
std::vector<const Key*> candidates(const std::vector<Key>& keys, const Algorithm& algorithm,
                                   std::string_view kid);

}  // namespace jwt
