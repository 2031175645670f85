#include "vendor_error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace openai {
namespace {

using nlohmann::json;
using patchbay::Error;
using patchbay::ErrorCode;

constexpr int64_t max_retry_after_ms = 86'400'000;  // a day
constexpr size_t max_message_bytes = 300;

std::optional<double> number_in(std::string_view text) {
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number < 0) return {};
    return number;
}

// "Wed, 21 Oct 2026 07:28:00 GMT"
std::optional<std::chrono::system_clock::time_point> date_in(std::string_view text) {
    std::tm date = {};
    const auto* end = strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (!end) return {};
    return std::chrono::system_clock::from_time_t(timegm(&date));
}

int64_t bounded(double milliseconds) {
    return static_cast<int64_t>(std::min(milliseconds, double(max_retry_after_ms)));
}

// The vendor's own words, as far as they are there.
struct VendorWords {
    std::string message;
    std::string type;
    std::string code;
    int64_t number = 0;  // vLLM: the code is an HTTP status

    bool mentions(std::string_view word) const {
        return code.find(word) != code.npos || type.find(word) != type.npos;
    }
};

VendorWords read_words(std::string_view body) {
    auto root = json::parse(body, nullptr, false);
    if (root.is_object() && root.contains("error")) root = json(root["error"]);
    VendorWords words;
    if (root.is_string()) words.message = root.get<std::string>();
    if (!root.is_object()) return words;
    const auto text = [&](const char* key) {
        const auto found = root.find(key);
        return found != root.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
    };
    words.message = text("message");
    words.type = text("type");
    words.code = text("code");
    if (root.contains("code") && root["code"].is_number_integer())
        words.number = root["code"].get<int64_t>();
    return words;
}

// What the vendor's code says, whatever the status.
std::optional<ErrorCode> code_from_words(const VendorWords& words) {
    if (words.mentions("insufficient_quota") || words.mentions("billing"))
        return ErrorCode::quota_exceeded;
    if (words.mentions("context_length_exceeded") || words.mentions("exceed_context_size") ||
        words.message.find("maximum context length") != std::string::npos)
        return ErrorCode::context_length;
    if (words.mentions("content_filter") || words.mentions("content_policy"))
        return ErrorCode::content_filtered;
    if (words.mentions("model_not_found")) return ErrorCode::model_not_found;
    if (words.mentions("rate_limit")) return ErrorCode::rate_limited;
    return {};
}

ErrorCode code_from_status(int64_t status, const VendorWords& words) {
    const bool about_model = words.message.find("model") != std::string::npos;
    switch (status) {
        case 400:
        case 422: return ErrorCode::bad_request;
        case 404: return about_model ? ErrorCode::model_not_found : ErrorCode::upstream;
        case 408:
        case 504: return ErrorCode::timeout;
        case 413: return ErrorCode::too_large;
        case 429: return ErrorCode::rate_limited;
        default: return ErrorCode::upstream;
    }
}

std::string redacted(std::string text, std::string_view secret) {
    for (size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != text.npos;)
        text.replace(at, secret.size(), "[key]");
    return text;
}

// Cuts at a character, so that it stays UTF-8.
std::string shortened(std::string text, size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
    return text.substr(0, bytes) + "…";
}

}  // namespace

Retry read_retry(const patchbay::HttpHeaders& headers, std::chrono::system_clock::time_point now) {
    using milliseconds = std::chrono::duration<double, std::milli>;
    Retry retry;
    if (const auto exact = number_in(headers.find("retry-after-ms"))) {
        retry.after_ms = bounded(*exact);
    } else if (const auto seconds = number_in(headers.find("retry-after"))) {
        retry.after_ms = bounded(*seconds * 1000);
    } else if (const auto date = date_in(headers.find("retry-after"))) {
        retry.after_ms = bounded(std::max(milliseconds(*date - now).count(), 0.0));
    }
    const auto should = headers.find("x-should-retry");
    if (should == "true" || should == "false") retry.should = should == "true";
    return retry;
}

Error vendor_error(uint32_t http_status, std::string_view body, const Retry& retry,
                   std::string_view api_key) {
    const auto words = read_words(body);
    const auto status = http_status != 0 ? int64_t(http_status) : words.number;
    const bool credentials = status == 401 || status == 403;

    Error error;
    error.code = code_from_status(status, words);
    if (const auto named = code_from_words(words); named && !credentials) error.code = *named;
    error.http_status = static_cast<int>(http_status);
    error.retry_after_ms = retry.after_ms;
    const bool passing =
        error.code == ErrorCode::rate_limited || error.code == ErrorCode::timeout ||
        (error.code == ErrorCode::upstream && (status >= 500 || status == 409 || status == 0));
    error.retryable = passing;
    if (error.code == ErrorCode::upstream && retry.should) error.retryable = *retry.should;

    error.message = http_status != 0
                        ? "the upstream answered " + std::to_string(http_status)
                        : std::string("the upstream failed in the midst of its answer");
    if (credentials) error.message += ": it refuses our credentials";
    if (!credentials && !words.message.empty())
        error.message += ": " + shortened(redacted(words.message, api_key), max_message_bytes);
    if (!words.type.empty() || !words.code.empty())
        error.detail_json =
            json{{"type", redacted(words.type, api_key)}, {"code", redacted(words.code, api_key)}}
                .dump();
    return error;
}

}  // namespace openai
