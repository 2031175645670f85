#include "runtime/http/error_reply.hpp"

#include "runtime/engine/payload.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace patchbay::http {
namespace {

constexpr int64_t default_retry_ms = 1000;

// Errors that our own code words for the caller.
bool is_worded(ErrorCode code) {
    switch (code) {
        case ErrorCode::not_found:
        case ErrorCode::method_not_allowed:
        case ErrorCode::out_of_range:
        case ErrorCode::model_not_found:
        case ErrorCode::media_not_available:
        case ErrorCode::unauthenticated:
        case ErrorCode::forbidden: return true;
        default: return false;
    }
}

std::string message_for(const Error& error, const Call& call) {
    const int status = http_status_of(error.code);
    if (status == 429) return "Too Many Requests";
    if (status == 500) {
        return call.starts_stream ? "Failed to start stream" : "Internal server error";
    }
    return is_worded(error.code) ? error.message : engine::public_message(error);
}

std::string seconds_of(int64_t ms) {
    return std::to_string((std::max<int64_t>(ms, 1) + 999) / 1000);
}

}  // namespace

net::Response error_reply(const Error& error, const Call& call) {
    return error_reply(error, call, nlohmann::json::object());
}

net::Response error_reply(const Error& error, const Call& call, const nlohmann::json& more) {
    const int status = http_status_of(error.code);
    spdlog::log(status >= 500 ? spdlog::level::warn : spdlog::level::debug, "request {}: {} ({})",
                call.request_id, error.message, name_of(error.code));
    nlohmann::ordered_json body{{"error", message_for(error, call)},
                                {"code", name_of(error.code)},
                                {"request_id", call.request_id}};
    if (status == 429 || status == 500) {
        body["message"] =
            status == 429 && error.user_safe ? error.message : engine::public_message(error);
    }
    for (const auto& [key, value] : more.items()) body[key] = value;
    net::Response response{.status = status, .headers = {{"Content-Type", "application/json"}}};
    if (status == 401) {  // RFC 6750, 3: an error code only where a token was sent
        const bool tried = !call.exchange || !call.header("Authorization").empty();
        response.headers.emplace_back("WWW-Authenticate",
                                      tried ? R"(Bearer realm="patchbay", error="invalid_token")"
                                            : R"(Bearer realm="patchbay")");
    }
    if (status == 429 || status == 503) {
        const auto wait = error.retry_after_ms > 0 ? error.retry_after_ms : default_retry_ms;
        response.headers.emplace_back("Retry-After", seconds_of(wait));
    }
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
}

Error caller_error(ErrorCode code, std::string message) {
    return {.code = code, .message = std::move(message), .user_safe = true};
}

}  // namespace patchbay::http
