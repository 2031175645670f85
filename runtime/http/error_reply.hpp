// Errors as HTTP answers: status, headers and body, in one place.
#pragma once

#include "runtime/http/call.hpp"

namespace patchbay::http {

// {"error", "code", "request_id"}; 429 and 500 have "message" too, 401 WWW-Authenticate, 429 and
// 503 Retry-After. What is not meant for users is replaced by a sentence for its code.
net::Response error_reply(const Error& error, const Call& call);

// The same with further members, such as active_run_id.
net::Response error_reply(const Error& error, const Call& call, const nlohmann::json& more);

// An error that says to the caller what to mend: its message is shown as it is.
Error caller_error(ErrorCode code, std::string message);

}  // namespace patchbay::http
