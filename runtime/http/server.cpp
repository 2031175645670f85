#include "runtime/http/server.hpp"

#include "runtime/http/credentials.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/target.hpp"

#include <Poco/String.h>
#include <spdlog/spdlog.h>

namespace patchbay::http {
namespace {

constexpr std::string_view anonymous_owner = "anonymous";
constexpr std::string_view local_owner = "system:local";  // through the control socket

bool is_bad_credential(ErrorCode code) {
    return code == ErrorCode::unauthenticated || code == ErrorCode::forbidden;
}

// A body of another type than JSON, or in a coding, is refused by its name, not by its first odd
// character.
bool is_json_or_unnamed(const Call& call) {
    if (call.exchange->body().empty()) return true;
    const auto coding = call.header("Content-Encoding");
    if (!coding.empty() && Poco::icompare(coding, "identity") != 0) return false;
    const auto type = Poco::toLower(Poco::trim(call.header("Content-Type")));
    const auto media = Poco::trim(type.substr(0, type.find(';')));
    return media.empty() || media == "application/json" || media.ends_with("+json");
}

}  // namespace

Server::Server(engine::Engine& engine, plugins::CheckLane& checks, net::Deadlines& deadlines,
               plugins::Registry& registry, engine::CredentialDirectory& credentials,
               Administration administration, ServerOptions options)
    : engine_(engine),
      checks_(checks),
      registry_(registry),
      credentials_(credentials),
      administration_(std::move(administration)),
      options_(std::move(options)),
      deadlines_(deadlines) {}

void Server::handle(net::Exchange exchange) {
    auto call = std::make_unique<Call>(std::move(exchange), options_.get());
    call->request_id = RunId::make().str();
    call->reply_headers = {{"X-Request-Id", call->request_id}};
    call->method = call->head().getMethod();
    // The call is shared with the task that may be refused, so that it can still be answered.
    auto held = std::make_shared<CallRef>(std::move(call));
    const bool posted = engine_.workers().post([this, held] { route(std::move(*held)); });
    if (posted) return;
    answer_error(std::move(*held), {.code = ErrorCode::unavailable,
                                    .message = "Too many requests are waiting.",
                                    .retryable = true,
                                    .user_safe = true});
}

void Server::route(CallRef call) {
    for (auto& header : call->options->cors.headers_for(call->header("Origin"))) {
        call->reply_headers.push_back(std::move(header));
    }
    auto target = read_target(call->head().getURI());
    if (!target) return answer_error(std::move(call), target.error());
    call->target = std::move(*target);
    if (spdlog::should_log(spdlog::level::debug)) {
        spdlog::debug("request {}: {} {} from {}", call->request_id, call->method,
                      call->target.path, client_of(*call));
    }
    auto match = find_route(call->method, call->target.raw_path);
    if (match.allowed.empty()) {
        return answer_error(std::move(call),
                            caller_error(ErrorCode::not_found, "No such resource."));
    }
    if (call->method == "OPTIONS") return preflight(std::move(call));
    if (match.route == nullptr) {
        call->reply_headers.emplace_back("Allow", match.allowed + ", OPTIONS");
        return answer_error(std::move(call), caller_error(ErrorCode::method_not_allowed,
                                                          "The method is not allowed here."));
    }
    call->args = std::move(match.args);
    call->starts_stream = match.route->streams;
    if (match.route->access == Access::open) return match.route->handler(*this, std::move(call));
    authenticate(std::move(call), *match.route);
}

// Answered before auth: a browser sends no credentials with it.
void Server::preflight(CallRef call) {
    const auto allowed = find_route("OPTIONS", call->target.raw_path).allowed;
    net::Response response{.status = 204, .headers = {{"Allow", allowed + ", OPTIONS"}}};
    std::erase_if(call->reply_headers, [](auto& header) { return header.first != "X-Request-Id"; });
    for (auto& header : call->options->cors.preflight_for(call->header("Origin"))) {
        response.headers.push_back(std::move(header));
    }
    answer(std::move(call), std::move(response));
}

void Server::authenticate(CallRef call, const Route& route) {
    if (call->exchange->entrance() == net::Entrance::control) {
        call->principal = {
            .owner = std::string(local_owner), .credential_id = "control", .role = Role::admin};
        return authorized(std::move(call), route);
    }
    auto request = credentials_of(*call);
    if (!request) return answer_error(std::move(call), request.error());
    if (request->credential.empty() && call->options->allow_anonymous) {
        call->principal = {.owner = std::string(anonymous_owner)};
        return authorized(std::move(call), route);
    }
    const auto address = request->remote;
    if (const auto wait = guard_.must_wait(address, call->options->bad_credentials_per_minute,
                                           CredentialGuard::Clock::now())) {
        return answer_error(std::move(call),
                            {.code = ErrorCode::rate_limited,
                             .message = "Too many bad credentials; try again later.",
                             .retryable = true,
                             .user_safe = true,
                             .retry_after_ms = wait->count()});
    }
    const bool tried = !request->credential.empty();
    auto chain = call->options->auth;
    auto done = [this, &route, tried, address,
                 call = std::move(call)](Result<plugins::Principal> principal) mutable {
        if (!principal) {
            if (tried && is_bad_credential(principal.error().code))
                guard_.count_failure(address, CredentialGuard::Clock::now());
            return answer_error(std::move(call), principal.error());
        }
        call->principal = std::move(*principal);
        (void)engine_.workers().post_anyway([this, &route, call = std::move(call)]() mutable {
            authorized(std::move(call), route);
        });
    };
    checks_.check(std::move(chain), std::move(*request), std::move(done));
}

void Server::authorized(CallRef call, const Route& route) {
    if (route.access == Access::admin && call->principal.role != Role::admin) {
        return answer_error(std::move(call),
                            caller_error(ErrorCode::forbidden, "Forbidden: admins only."));
    }
    if (!is_json_or_unnamed(*call)) {
        return answer_error(std::move(call),
                            caller_error(ErrorCode::unsupported_media_type,
                                         "The body must be application/json, and plain."));
    }
    route.handler(*this, std::move(call));
}

}  // namespace patchbay::http
