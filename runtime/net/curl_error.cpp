#include "runtime/net/curl_error.hpp"

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

Error broken_connection(const CurlFailure& failed, const std::string& label) {
    if (failed.answering)
        return {.code = ErrorCode::upstream_truncated,
                .message = fmt::format("{} broke off in the middle of its answer", label),
                .retryable = true};
    return upstream_error(fmt::format("the connection to {} broke: {}", label, reason_of(failed)),
                          true);
}

}  // namespace

Error error_of(const CurlFailure& failed, const std::string& label) {
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
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR: return broken_connection(failed, label);
        case CURLE_GOT_NOTHING:
            return upstream_error(fmt::format("{} closed the connection without an answer", label),
                                  true);
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
        default:
            return upstream_error(
                fmt::format("the call to {} failed: {}", label, reason_of(failed)), false);
    }
}

}  // namespace patchbay::net
