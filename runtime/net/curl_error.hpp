// libcurl's ways to fail, in our words.
#pragma once

#include <patchbay/error.hpp>

#include <string>
#include <string_view>

namespace patchbay::net {

struct CurlFailure {
    int code;                    // CURLcode
    int os_error;                // errno of the connection, 0 = none
    bool answering;              // the answer's head had come
    std::string_view own_words;  // libcurl's error buffer
};

// One sentence that names the upstream by `label`, "host:port". No URL, header or body in it.
Error error_of(const CurlFailure& failure, const std::string& label);

}  // namespace patchbay::net
