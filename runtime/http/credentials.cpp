#include "runtime/http/credentials.hpp"

#include "runtime/http/error_reply.hpp"
#include "runtime/http/server.hpp"

#include <Poco/String.h>
#include <Poco/URI.h>

namespace patchbay::http {
namespace {

constexpr std::string_view bearer = "bearer ";

Result<std::string> bearer_token(const std::string& authorization) {
    if (authorization.empty()) return std::string();
    const bool is_bearer = Poco::icompare(authorization, 0, bearer.size(), bearer.data()) == 0;
    const auto token = is_bearer ? Poco::trim(authorization.substr(bearer.size())) : std::string();
    if (!token.empty()) return token;
    return std::unexpected(
        caller_error(ErrorCode::unauthenticated, "Unauthorized: expected a Bearer token."));
}

}  // namespace

std::string client_of(const Call& call) {
    return call.options->trusted_proxies.client_of(call.exchange->remote(),
                                                   call.exchange->list_header("X-Forwarded-For"));
}

Result<plugins::AuthRequest> credentials_of(const Call& call) {
    plugins::AuthRequest request{.method = call.method,
                                 .path = call.path,
                                 .query = Poco::URI(call.head().getURI()).getRawQuery(),
                                 .remote = client_of(call)};
    for (const auto& [name, value] : call.head()) request.headers.emplace_back(name, value);
    const auto token = bearer_token(call.header("Authorization"));
    if (!token) return std::unexpected(token.error());
    const auto key = call.header("X-API-Key");
    if (!key.empty() && !token->empty() && key != *token) {
        return std::unexpected(
            caller_error(ErrorCode::bad_request, "X-API-Key and Authorization differ; send one."));
    }
    request.credential = key.empty() ? *token : key;
    request.scheme = !key.empty() ? "api_key" : token->empty() ? "" : "bearer";
    return request;
}

}  // namespace patchbay::http
