// A JWT in its compact form (RFC 7515, 3.1; RFC 7519), taken apart. Nothing of it is trusted before
// its signature has been checked.
#pragma once

#include "algorithm.hpp"

#include <patchbay/error.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace jwt {

constexpr size_t longest_token = 16 * 1024;  // bytes

struct Token {
    const Algorithm* algorithm = nullptr;
    std::string kid;               // "" = none
    std::string_view signed_text;  // of the text that was parsed: borrowed
    std::string signature;
    nlohmann::json claims;
};

// Whether a credential has the form of a JWT, signed or encrypted.
bool looks_like_token(std::string_view text);

// bad_request, with the reason for the log, when it is malformed, encrypted, too large, of an
// unknown algorithm or type, or has critical extensions (RFC 7515, 4.1.11: none is understood
// here). Key material in the header is ignored.
patchbay::Result<Token> parse_token(std::string_view text);

}  // namespace jwt
