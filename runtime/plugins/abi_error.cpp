#include "runtime/plugins/abi_error.hpp"

#include "runtime/plugins/abi_text.hpp"

namespace patchbay::plugins {
namespace {

constexpr size_t message_limit = 4096;
constexpr size_t detail_limit = 65536;

}  // namespace

Error copy_of(const patchbay_error& error) {
    Error copy;
    copy.code = code_of(error.code);
    copy.message = printable(view(error.message), message_limit);
    copy.retryable = (error.flags & PATCHBAY_ERROR_RETRYABLE) != 0;
    copy.user_safe = (error.flags & PATCHBAY_ERROR_USER_SAFE) != 0;
    copy.retry_after_ms = std::max<int64_t>(error.retry_after_ms, 0);
    copy.http_status = error.http_status <= 999 ? static_cast<int>(error.http_status) : 0;
    const auto detail = view(error.detail_json);
    if (detail.size() <= detail_limit && is_json_object(detail)) copy.detail_json = detail;
    return copy;
}

patchbay_error view_of(const Error& error) {
    patchbay_error view{};
    view.code = status_of(error.code);
    view.flags = (error.retryable ? PATCHBAY_ERROR_RETRYABLE : 0u) |
                 (error.user_safe ? PATCHBAY_ERROR_USER_SAFE : 0u);
    view.retry_after_ms = error.retry_after_ms;
    view.http_status = static_cast<uint32_t>(error.http_status);
    view.message = borrow(error.message);
    view.detail_json = borrow(error.detail_json);
    return view;
}

}  // namespace patchbay::plugins
