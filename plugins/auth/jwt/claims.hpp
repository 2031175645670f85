// What a token with a good signature says, checked (RFC 7519, 4.1).
#pragma once

#include <patchbay/auth.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace jwt {

struct ClaimRules {
    std::string realm;                   // part of the owner
    std::string issuer;                  // "" = any
    std::vector<std::string> audiences;  // one of them; empty = tokens without an audience only
    int64_t leeway_s = 60;
};

// The principal: owner "jwt:REALM:SUBJECT" with the subject from "sub", or else "id"; "email" and
// "role" ("user" unless it is "premium" or "admin"). bad_request, with the reason for the log, when
// a claim is missing, malformed, or says that the token is not for us or not for now.
patchbay::Result<patchbay::Principal> check_claims(const nlohmann::json& claims,
                                                   const ClaimRules& rules, int64_t now_ms);

}  // namespace jwt
