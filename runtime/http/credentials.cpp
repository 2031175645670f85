#include "runtime/http/credentials.hpp"

#include "runtime/http/error_reply.hpp"
#include "runtime/http/server.hpp"

#include <Poco/String.h>
#include <Poco/URI.h>

#include <algorithm>

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

// Whether every line of this header says the same: of two, a proxy may have looked at the other
// one.
bool is_clear(const Call& call, const std::string& name) {
    const auto said = call.header(name);
    return std::ranges::all_of(call.head(), [&](const auto& header) {
        return Poco::icompare(header.first, name) != 0 || header.second == said;
    });
}

}  // namespace

std::string client_of(const Call& call) {
    return call.options->trusted_proxies.client_of(call.exchange->remote(),
                                                   call.exchange->list_header("X-Forwarded-For"));
}

Result<plugins::AuthRequest> credentials_of(const Call& call) {
    plugins::AuthRequest request{.method = call.method,
                                 .path = call.target.path,
                                 .query = Poco::URI(call.head().getURI()).getRawQuery(),
                                 .remote = client_of(call)};
    for (const auto& [name, value] : call.head()) request.headers.emplace_back(name, value);
    if (!is_clear(call, "Authorization") || !is_clear(call, "X-API-Key")) {
        return std::unexpected(
            caller_error(ErrorCode::bad_request, "The credentials are there twice, and differ."));
    }
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
