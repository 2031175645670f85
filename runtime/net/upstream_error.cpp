#include "runtime/net/upstream_error.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <system_error>

namespace patchbay::net {

namespace {

std::string reason_of(const CurlFailure& failed) {
    if (failed.os_error != 0) return std::generic_category().message(failed.os_error);
    return curl_easy_strerror(static_cast<CURLcode>(failed.code));
}

Error upstream_error(std::string message, bool retryable) {
    return {.code = ErrorCode::upstream, .message = std::move(message), .retryable = retryable};
}

}  // namespace

Error connect_error(const CurlFailure& failed, const std::string& label) {
    if (failed.proxy_status >= 300)
        return upstream_error(fmt::format("the proxy refused to connect to {} with status {}",
                                          label, failed.proxy_status),
                              failed.proxy_status >= 500);
    switch (failed.code) {
        case CURLE_COULDNT_CONNECT:
            return upstream_error(
                fmt::format("could not connect to {}: {}", label, reason_of(failed)), true);
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return upstream_error(fmt::format("could not resolve the name for {}", label), true);
        case CURLE_OPERATION_TIMEDOUT:
            return {.code = ErrorCode::timeout,
                    .message = fmt::format("could not connect to {} in time", label),
                    .retryable = true};
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR: return broken_error(label, reason_of(failed));
        case CURLE_GOT_NOTHING: return no_answer_error(label);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            // The text names the certificate's fault, which the code alone does not.
            return upstream_error(
                fmt::format("TLS with {} failed: {}", label,
                            failed.own_words.empty() ? reason_of(failed) : failed.own_words),
                false);
        default: return malformed_error(label, reason_of(failed));
    }
}

Error not_public_error(const std::string& label) {
    return {
        .code = ErrorCode::forbidden,
        .message = fmt::format("{} is not on the public internet, or there is no such host", label),
        .user_safe = true};
}

Error proxied_error(const std::string& label) {
    return {.code = ErrorCode::forbidden,
            .message = fmt::format("{} may not be called through a proxy: nobody could check that "
                                   "it is on the public internet",
                                   label),
            .user_safe = true};
}

Error no_answer_error(const std::string& label) {
    return upstream_error(fmt::format("{} closed the connection without an answer", label), true);
}

Error broken_error(const std::string& label, std::string_view reason) {
    return upstream_error(fmt::format("the connection to {} broke: {}", label, reason), true);
}

Error truncated_error(const std::string& label) {
    return {.code = ErrorCode::upstream_truncated,
            .message = fmt::format("{} broke off in the middle of its answer", label),
            .retryable = true};
}

Error malformed_error(const std::string& label, std::string_view fault) {
    return upstream_error(fmt::format("the call to {} failed: {}", label, fault), false);
}

Error head_too_large_error(const std::string& label, size_t limit) {
    return upstream_error(
        fmt::format("the head of {}'s answer is larger than {} bytes", label, limit), false);
}

Error body_too_large_error(const std::string& label, size_t limit) {
    return {.code = ErrorCode::too_large,
            .message = fmt::format("the answer of {} is larger than {} bytes", label, limit)};
}

}  // namespace patchbay::net
