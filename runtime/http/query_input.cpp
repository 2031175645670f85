#include "runtime/http/query_input.hpp"

#include "runtime/http/error_reply.hpp"

#include <charconv>

namespace patchbay::http {

std::optional<uint64_t> decimal(std::string_view text) {
    uint64_t value = 0;
    const auto* const end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, value);
    if (text.empty() || problem != std::errc{} || rest != end) return std::nullopt;
    return value;
}

Result<uint64_t> number_parameter(const Call& call, const std::string& name, uint64_t fallback,
                                  uint64_t min, uint64_t max) {
    const auto text = call.parameter(name);
    if (!text) return fallback;
    const auto value = decimal(*text);
    if (value && *value >= min && *value <= max) return *value;
    return std::unexpected(caller_error(
        ErrorCode::bad_request, name + ": must be an integer from " + std::to_string(min) + " to " +
                                    std::to_string(max) + "."));
}

Result<bool> flag_parameter(const Call& call, const std::string& name) {
    const auto text = call.parameter(name).value_or("0");
    if (text == "1" || text == "true") return true;
    if (text == "0" || text == "false") return false;
    return std::unexpected(caller_error(ErrorCode::bad_request, name + ": must be 0 or 1."));
}

}  // namespace patchbay::http
