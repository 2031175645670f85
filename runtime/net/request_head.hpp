// The head of a request as it goes over the wire.
#pragma once

#include "runtime/net/http_client.hpp"
#include "runtime/net/route.hpp"

#include <string>

namespace patchbay::net {

// Request line and headers, the blank line included. `options` have been checked. How the body is
// framed is said here alone: headers of the caller's about that are left out. So is a HEAD's body.
std::string request_head(const HttpCallOptions& options, const Route& route);

// The part of the body that is sent: nothing with HEAD.
std::string_view request_body(const HttpCallOptions& options);

}  // namespace patchbay::net
