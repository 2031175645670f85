#include "runtime/net/gate_error.hpp"

#include "runtime/net/gate.hpp"

#include <Poco/UUID.h>
#include <Poco/UUIDGenerator.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace patchbay::net {

std::string error_body(ErrorCode code, std::string_view message, std::string_view request_id) {
    nlohmann::ordered_json body;
    body["error"] = message;
    body["code"] = name_of(code);
    body["request_id"] = request_id;
    return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Response error_response(const Error& error) {
    const std::string request_id =
        Poco::UUIDGenerator::defaultGenerator().createRandom().toString();
    spdlog::debug("request {}: {} ({})", request_id, error.message, name_of(error.code));
    Response response{
        .status = http_status_of(error.code),
        .headers = {{"Content-Type", "application/json"}, {"X-Request-Id", request_id}},
        .body = error_body(error.code, error.message, request_id),
        .close = true};
    if (error.retry_after_ms > 0)
        response.headers.emplace_back("Retry-After",
                                      std::to_string((error.retry_after_ms + 999) / 1000));
    return response;
}

}  // namespace patchbay::net
