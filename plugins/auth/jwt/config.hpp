// The plugin's config, checked.
#pragma once

#include "claims.hpp"
#include "key.hpp"

#include <patchbay/error.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace jwt {

struct Config {
    std::vector<std::string_view> algorithms;  // names; a token of another one is refused
    std::vector<Key> keys;                     // from the secret, PEM and the JWK Set
    std::string jwks_url;                      // "" = none
    std::chrono::seconds refresh{600};         // of the set behind it, unless it says otherwise
    std::chrono::milliseconds retry{30'000};   // between two fetches because of unknown keys
    ClaimRules claims;
};

// bad_request with what to change, when an algorithm has no key, or a key no algorithm.
patchbay::Result<Config> read_config(std::string_view json);

inline constexpr std::string_view config_schema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["algorithms"],
  "properties": {
    "algorithms": {"type": "array", "minItems": 1, "uniqueItems": true,
      "description": "those that tokens may be signed with; another one is refused",
      "items": {"enum": ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
                         "PS512", "ES256", "ES384", "EdDSA"]}},
    "secret": {"type": "string", "writeOnly": true, "description": "for HS…: 32 bytes or more"},
    "public_keys": {"type": "array", "items": {"type": "string"},
      "description": "in PEM; \"${file:/etc/patchbay/issuer.pem}\" reads one"},
    "jwks": {"type": "string",
      "description": "a JWK Set as text; \"${file:/etc/patchbay/jwks.json}\" reads one"},
    "jwks_url": {"type": "string",
      "description": "where the issuer publishes its JWK Set; https, or http on loopback"},
    "jwks_refresh_s": {"type": "integer", "minimum": 1, "maximum": 86400,
      "description": "how long a fetched set is used, unless its Cache-Control says; default 600"},
    "jwks_retry_ms": {"type": "integer", "minimum": 100, "maximum": 3600000,
      "description": "least time between two fetches because of unknown keys; default 30000"},
    "issuer": {"type": "string", "description": "what \"iss\" must be, to the letter"},
    "audience": {"type": "array", "items": {"type": "string"}, "uniqueItems": true,
      "description": "one of these must be in \"aud\"; without it, tokens with an \"aud\" are refused"},
    "realm": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$",
      "description": "part of the owner of conversations, \"jwt:REALM:SUBJECT\"; default \"main\""},
    "leeway_s": {"type": "integer", "minimum": 0, "maximum": 300,
      "description": "how far clocks may differ; default 60"}
  }
})json";

}  // namespace jwt
