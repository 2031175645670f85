// "Did you mean …?" for names that were mistyped.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace patchbay::config {

// The candidate that `name` is most likely a typing error of; "" when none is near.
std::string near_name(std::string_view name, std::span<const std::string> candidates);

// "; did you mean \"listen\"?" without the question mark, or "".
std::string hint(std::string_view name, std::span<const std::string> candidates);

}  // namespace patchbay::config
