// What an upstream's refusal means: HTTP status, headers and error body as one Error.
#pragma once

#include <patchbay/http.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace openai {

// What the head of an answer says about trying again.
struct Retry {
    int64_t after_ms = 0;        // 0 = unknown
    std::optional<bool> should;  // x-should-retry
};

// Reads retry-after-ms, retry-after (seconds or an HTTP date) and x-should-retry.
Retry read_retry(const patchbay::HttpHeaders& headers, std::chrono::system_clock::time_point now);

// `status`: 0 for an error in the midst of a stream. `body`: the error body, or the value of its
// "error"; any bytes. The message is for the operator, never marked as safe for users: it has the
// vendor's sentence, but not for 401 and 403, which quote keys; `api_key` is blotted out.
patchbay::Error vendor_error(uint32_t status, std::string_view body, const Retry& retry,
                             std::string_view api_key);

}  // namespace openai
