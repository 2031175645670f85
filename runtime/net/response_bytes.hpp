// HTTP/1 responses as bytes.
#pragma once

#include "runtime/net/exchange.hpp"

#include <string>
#include <string_view>

namespace patchbay::net {

// "HTTP/1.1 200 OK" and the Date header.
void append_status(std::string& out, int status);

// One header. CR, LF and NUL in the value become spaces; a name that is no token is left out: no
// value can begin a header, or a response, of its own.
void append_header(std::string& out, std::string_view name, std::string_view value);

struct Framing {
    bool head_only = false;  // the answer to HEAD
    bool http_1_0 = false;
    bool keep_alive = true;
};

std::string response_bytes(const Response& response, Framing framing);

}  // namespace patchbay::net
