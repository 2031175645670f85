// Errors as values: the codes of abi/error.h by their C++ names, and Result<T>.
#pragma once

#include <patchbay/abi/error.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay {

// The reasons a caller may treat differently: the list of abi/error.h.
enum class ErrorCode : patchbay_status {
#define PATCHBAY_ENUMERATOR(NAME, name, value, http) name = value,
    PATCHBAY_ERROR_CODES(PATCHBAY_ENUMERATOR)
#undef PATCHBAY_ENUMERATOR
};

// The code's name as HTTP clients see it: "rate_limited".
constexpr std::string_view name_of(ErrorCode code) {
    switch (code) {
#define PATCHBAY_CASE(NAME, name, value, http) \
    case ErrorCode::name: return #name;
        PATCHBAY_ERROR_CODES(PATCHBAY_CASE)
#undef PATCHBAY_CASE
    }
    return "internal";
}

// The HTTP status that goes with the code.
constexpr int http_status_of(ErrorCode code) {
    switch (code) {
#define PATCHBAY_CASE(NAME, name, value, http) \
    case ErrorCode::name: return http;
        PATCHBAY_ERROR_CODES(PATCHBAY_CASE)
#undef PATCHBAY_CASE
    }
    return 500;
}

// The code of a failed status; `internal` for a value that is not in the list.
constexpr ErrorCode code_of(patchbay_status status) {
    switch (static_cast<ErrorCode>(status)) {
#define PATCHBAY_CASE(NAME, name, value, http) \
    case ErrorCode::name: return ErrorCode::name;
        PATCHBAY_ERROR_CODES(PATCHBAY_CASE)
#undef PATCHBAY_CASE
    }
    return ErrorCode::internal;
}

// The code with this name, or nothing.
constexpr std::optional<ErrorCode> code_named(std::string_view text) {
#define PATCHBAY_CASE(NAME, name, value, http) \
    if (text == #name) return ErrorCode::name;
    PATCHBAY_ERROR_CODES(PATCHBAY_CASE)
#undef PATCHBAY_CASE
    return std::nullopt;
}

constexpr patchbay_status status_of(ErrorCode code) { return static_cast<patchbay_status>(code); }

// Why something failed.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message = {};      // for the log and the operator, never parsed
    bool retryable = false;        // the same request may succeed later
    bool user_safe = false;        // `message` may be shown to the end user as it is
    int64_t retry_after_ms = 0;    // 0 = unknown
    int http_status = 0;           // what an upstream answered; 0 = none
    std::string detail_json = {};  // "" or a JSON object: the vendor's own words
    std::string extra_json = {};   // "" or a JSON object: what a later version adds
};

template <class T>
using Result = std::expected<T, Error>;

// `return failure(ErrorCode::not_found, "no interaction " + id);`
inline std::unexpected<Error> failure(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message)});
}

}  // namespace patchbay
