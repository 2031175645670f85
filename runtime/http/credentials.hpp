// The credentials that a request bears.
#pragma once

#include "runtime/http/call.hpp"

namespace patchbay::http {

// The client's address, seen through trusted proxies.
std::string client_of(const Call& call);

// The request as auth plugins may see it, with its one credential: X-API-Key, or Authorization:
// Bearer. Both at once are bad_request unless they are the same; another scheme is
// unauthenticated.
Result<plugins::AuthRequest> credentials_of(const Call& call);

}  // namespace patchbay::http
