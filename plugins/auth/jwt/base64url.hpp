// base64url without padding (RFC 4648, 5; RFC 7515, 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jwt {

// Nothing when a character is foreign, when there is padding, or when bits are left over that are
// not zero: one value has one spelling.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace jwt
