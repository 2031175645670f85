#include "runtime/plugins/check_lane.hpp"

#include <memory>
#include <utility>

namespace patchbay::plugins {
namespace {

Error late() {
    return {.code = ErrorCode::unavailable,
            .message = "Credentials cannot be checked now: an auth plugin does not answer.",
            .retryable = true,
            .user_safe = true};
}

}  // namespace

CheckLane::CheckLane(net::Resolver& resolver, net::Deadlines& deadlines,
                     std::chrono::milliseconds limit)
    : deadlines_(deadlines), limit_(limit), lane_(0, resolver) {}

void CheckLane::check(std::vector<AuthPlugin> chain, AuthRequest request, AuthDone done) {
    auto waiting = std::make_shared<AuthDone>(std::move(done));
    const auto deadline =
        deadlines_.after(limit_, [waiting] { (*waiting)(std::unexpected(late())); });
    auto answer = [this, waiting = std::weak_ptr(waiting), deadline](Result<Principal> result) {
        const auto waits = waiting.lock();
        if (waits && deadlines_.cancel(deadline)) (*waits)(std::move(result));
    };
    lane_.post([this, chain = std::move(chain), request = std::move(request),
                answer = std::move(answer)]() mutable {
        authenticate(lane_, chain, std::move(request), std::move(answer));
    });
}

}  // namespace patchbay::plugins
