// "Did you mean …?" for names that were mistyped.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::config {

// Edits that make one name of the other; two neighbours that changed places count once.
size_t edits(std::string_view a, std::string_view b);

// The candidate that `name` is most likely a typing error of; "" when none is near.
std::string near_name(std::string_view name, std::span<const std::string> candidates);

// "; did you mean \"listen\"?" without the question mark, or "".
std::string hint(std::string_view name, std::span<const std::string> candidates);

}  // namespace patchbay::config
