// What the gate answers by itself, without a handler.
#pragma once

#include "runtime/net/exchange.hpp"

#include <patchbay/error.hpp>

namespace patchbay::net {

// The status of `error` and the project's error body, with a new request id. The connection closes
// afterwards. Its message is shown to the client.
Response error_response(const Error& error);

}  // namespace patchbay::net
