#include "runtime/plugins/authenticator.hpp"

#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/check.hpp"
#include "runtime/plugins/instance.hpp"

#include <cassert>

namespace patchbay::plugins {
namespace {

std::vector<patchbay_header> views_of(const AuthRequest& request) {
    std::vector<patchbay_header> headers;
    headers.reserve(request.headers.size());
    for (const auto& [name, value] : request.headers)
        headers.push_back({borrow(name), borrow(value)});
    return headers;
}

patchbay_http_request view_of(const AuthRequest& request,
                              const std::vector<patchbay_header>& headers) {
    patchbay_http_request view{};
    view.method = borrow(request.method);
    view.path = borrow(request.path);
    view.query = borrow(request.query);
    view.remote = borrow(request.remote);
    view.headers = headers.data();
    view.header_count = static_cast<uint32_t>(headers.size());
    view.credential = borrow(request.credential);
    view.scheme = borrow(request.scheme);
    return view;
}

// Why this instance cannot be asked, or nothing. Skipping it would let in whom it might deny.
std::optional<Error> unfit(const AuthPlugin& plugin) {
    if (!plugin.instance || !plugin.instance->is_alive())
        return Error{.code = ErrorCode::unavailable,
                     .message = "The auth plugin '" + plugin.name + "' is off.",
                     .user_safe = true};
    if (!plugin.instance->tables().auth)
        return Error{.message = plugin.name + " does not offer " + PATCHBAY_AUTH_1};
    return std::nullopt;
}

}  // namespace

void authenticate(net::Lane& lane, const std::vector<AuthPlugin>& chain, AuthRequest request,
                  AuthDone done) {
    assert(lane.here());
    const auto headers = views_of(request);
    const auto view = view_of(request, headers);
    for (const auto& plugin : chain) {
        if (auto error = unfit(plugin)) return done(std::unexpected(std::move(*error)));
        std::optional<Result<Principal>> answer;
        switch (Check::ask(lane, plugin.instance, view, answer, done)) {
            case Check::Outcome::answered: return done(std::move(*answer));
            case Check::Outcome::pending: return;
            case Check::Outcome::not_mine: break;
        }
    }
    done(failure(ErrorCode::unauthenticated,
                 request.credential.empty() ? "Unauthorized: API key is missing."
                                            : "Unauthorized: nobody knows these credentials."));
}

}  // namespace patchbay::plugins
