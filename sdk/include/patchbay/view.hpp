// From the C ABI's views and errors to C++ and back.
//
// Threads    [any-thread]: nothing here keeps state.
// Ownership  what view_of() returns borrows from its argument; what error_of() returns is a copy.
#pragma once

#include <patchbay/error.hpp>

#include <string>
#include <string_view>

namespace patchbay {

// Borrowed as the view is: until the plugin returns, for what the host hands in.
constexpr std::string_view text_of(patchbay_str text) {
    return {text.data, static_cast<size_t>(text.size)};
}

constexpr patchbay_str view_of(std::string_view text) { return {text.data(), text.size()}; }

inline patchbay_error view_of(const Error& error) {
    patchbay_error view = {};
    view.code = status_of(error.code);
    view.flags = (error.retryable ? PATCHBAY_ERROR_RETRYABLE : 0) |
                 (error.user_safe ? PATCHBAY_ERROR_USER_SAFE : 0);
    view.retry_after_ms = error.retry_after_ms;
    view.http_status = static_cast<uint32_t>(error.http_status);
    view.message = view_of(std::string_view(error.message));
    view.detail_json = view_of(std::string_view(error.detail_json));
    view.extra_json = view_of(std::string_view(error.extra_json));
    return view;
}

// An error that says no more than its code and a sentence. Allocates nothing.
constexpr patchbay_error view_of(ErrorCode code, std::string_view message) {
    patchbay_error view = {};
    view.code = status_of(code);
    view.message = view_of(message);
    return view;
}

// An unknown code becomes `internal`.
inline Error error_of(const patchbay_error& error) {
    return {.code = code_of(error.code),
            .message = std::string(text_of(error.message)),
            .retryable = (error.flags & PATCHBAY_ERROR_RETRYABLE) != 0,
            .user_safe = (error.flags & PATCHBAY_ERROR_USER_SAFE) != 0,
            .retry_after_ms = error.retry_after_ms,
            .http_status = static_cast<int>(error.http_status),
            .detail_json = std::string(text_of(error.detail_json)),
            .extra_json = std::string(text_of(error.extra_json))};
}

}  // namespace patchbay
