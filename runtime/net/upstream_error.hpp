// How calls to upstreams fail, in our words. Each is one sentence that names the upstream by
// `label`, "host:port"; no URL, header or body is in it.
#pragma once

#include <patchbay/error.hpp>

#include <string>
#include <string_view>

namespace patchbay::net {

// libcurl could not connect.
struct CurlFailure {
    int code;                    // CURLcode
    int os_error;                // errno of the connection, 0 = none
    int proxy_status;            // what a proxy answered to CONNECT, 0 = nothing
    std::string_view own_words;  // libcurl's error buffer
};
Error connect_error(const CurlFailure& failure, const std::string& label);

// A call that is for the public internet alone (HttpCallOptions::public_only). Users may read
// these. The first one says the same of a name that does not exist: who may try names would else
// learn which ones there are inside.
Error not_public_error(const std::string& label);  // no address of the host belongs to it
Error proxied_error(const std::string& label);     // a proxy would choose the address

Error no_answer_error(const std::string& label);  // closed before an answer's head
Error broken_error(const std::string& label, std::string_view reason);  // likewise, not closed
Error truncated_error(const std::string& label);  // closed, broken or garbled in its body
Error malformed_error(const std::string& label, std::string_view fault);
Error head_too_large_error(const std::string& label, size_t limit);
Error body_too_large_error(const std::string& label, size_t limit);

}  // namespace patchbay::net
