// API keys: pb_<id>_<secret>. The store keeps their SHA-256 only; the text is shown once.
#pragma once

#include "db/records.hpp"

#include <patchbay/error.hpp>

#include <string>
#include <string_view>

namespace patchbay {

struct NewKey {
    CredentialRecord record;  // not stored yet
    std::string text;         // "pb_<16 hex>_<43 base64url>"; a secret
};

// A fresh key of 256 random bits. internal: the system has no randomness to give. [any-thread]
Result<NewKey> make_api_key(Role role, std::string name, std::string owner);

// bad_request unless it is 1 to 100 bytes without control characters: a key's name or its user.
Result<void> check_key_label(std::string_view label);

// Whose data a key opens: "user:" + `user`, or the key's own name where no user is given. A rotated
// key of the same user keeps its conversations.
std::string owner_of_key(std::string_view user, std::string_view name);

// 32 bytes, as in CredentialRecord::sha256. [any-thread]
Result<std::string> sha256(std::string_view text);

}  // namespace patchbay
