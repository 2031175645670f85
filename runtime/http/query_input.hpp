// Query parameters and other short texts of a request, checked.
#pragma once

#include "runtime/http/call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::http {

// A number of nothing but decimal digits, within uint64_t.
std::optional<uint64_t> decimal(std::string_view text);

// A decimal query parameter; `fallback` when it is absent, bad_request that names it when it is no
// such number.
Result<uint64_t> number_parameter(const Call& call, const std::string& name, uint64_t fallback,
                                  uint64_t min, uint64_t max);

// "1" or "true", "0" or "false"; absent = false.
Result<bool> flag_parameter(const Call& call, const std::string& name);

}  // namespace patchbay::http
