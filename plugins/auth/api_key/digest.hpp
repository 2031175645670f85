// SHA-256, and comparing without telling how much was right.
#pragma once

#include <array>
#include <string_view>

namespace api_key {

using Digest = std::array<unsigned char, 32>;

// Throws std::runtime_error when the library fails.
Digest sha256(std::string_view text);

// In a time that does not depend on the contents. False when `expected` is not 32 bytes.
bool equals(const Digest& digest, std::string_view expected);
bool equals(const Digest& digest, const Digest& expected);

}  // namespace api_key
