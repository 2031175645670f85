#include "runtime/plugins/check.hpp"

#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"

#include <algorithm>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_time = 5s;
constexpr size_t owner_limit = 256;
constexpr size_t text_limit = 1024;

bool is_plain(std::string_view text, size_t limit) {
    return text.size() <= limit && is_utf8(text) &&
           std::none_of(text.begin(), text.end(),
                        [](unsigned char letter) { return letter < 0x20 || letter == 0x7F; });
}

bool is_valid(const patchbay_principal& principal) {
    for (const auto* text : {&principal.owner, &principal.credential_id, &principal.email}) {
        if (!is_readable(*text)) return false;
    }
    return principal.owner.size > 0 && is_plain(view(principal.owner), owner_limit) &&
           is_plain(view(principal.credential_id), text_limit) &&
           is_plain(view(principal.email), text_limit) &&
           is_object_or_empty(principal.extra_json) && principal.role >= PATCHBAY_ROLE_USER &&
           principal.role <= PATCHBAY_ROLE_ADMIN;
}

bool is_expired(const patchbay_principal& principal) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return principal.expires_at_ms != 0 &&
           principal.expires_at_ms <=
               std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Principal copy_of(const patchbay_principal& principal) {
    return {.owner = std::string(view(principal.owner)),
            .credential_id = std::string(view(principal.credential_id)),
            .email = std::string(view(principal.email)),
            .role = static_cast<Role>(principal.role)};
}

}  // namespace

static_assert(static_cast<uint32_t>(Role::user) == PATCHBAY_ROLE_USER &&
              static_cast<uint32_t>(Role::premium) == PATCHBAY_ROLE_PREMIUM &&
              static_cast<uint32_t>(Role::admin) == PATCHBAY_ROLE_ADMIN);

Check::Check(net::Lane& lane, InstanceRef instance)
    : Request(lane, instance, {}), auth_(*instance->tables().auth) {}

Check::Outcome Check::ask(net::Lane& lane, const InstanceRef& instance,
                          const patchbay_http_request& request,
                          std::optional<Result<Principal>>& answer, AuthDone& done) {
    auto check = std::make_unique<Check>(lane, instance);
    if (!check->handle().bits) {
        answer = failure(ErrorCode::unavailable, "too many open handles");
        return Outcome::answered;
    }
    const auto status = check->call_check(request);
    const bool has_verdict = check->verdict_.has_value();
    if (status == PATCHBAY_NOT_MINE && !has_verdict) {
        abandon(std::move(check));
        return Outcome::not_mine;
    }
    if (status == PATCHBAY_PENDING && !has_verdict) {
        check->wait(std::move(done));
        live_on(std::move(check));
        return Outcome::pending;
    }
    if (status < 0) {
        answer = std::unexpected(std::move(*check->failed_));
        abandon(std::move(check));
        return Outcome::answered;
    }
    if (has_verdict && (status == PATCHBAY_OK || status == PATCHBAY_PENDING)) {
        answer = std::move(*check->verdict_);
        live_on(std::move(check));
        return Outcome::answered;
    }
    // OK without a verdict, NOT_MINE with one, or a status that check() does not have.
    instance->fault("check() returned a status that contradicts what it did");
    answer = failure(ErrorCode::internal, instance->name() + " gave no clear answer");
    abandon(std::move(check));
    return Outcome::answered;
}

patchbay_status Check::call_check(const patchbay_http_request& request) {
    PluginCall frame(instance(), "auth.check", PluginCall::Where::lane);
    patchbay_status status = PATCHBAY_E_INTERNAL;
    const bool returned = frame.guarded(
        [&] { status = auth_.check(instance().state(), &request, handle(), &check_); });
    if (!returned) status = PATCHBAY_E_INTERNAL;
    if (status < 0) failed_ = frame.error_of(status);
    return status;
}

void Check::wait(AuthDone done) {
    done_ = std::move(done);
    limit(answer_time, [this] { on_late(); });
}

void Check::on_late() {
    instance().fault("did not answer a check within 5 s");
    give(failure(ErrorCode::unavailable, instance().name() + " did not answer within 5 s"));
    cancel_plugin(PATCHBAY_REASON_DEADLINE);
}

void Check::give(Result<Principal> answer) {
    if (!done_) return;
    auto done = std::exchange(done_, nullptr);
    done(std::move(answer));
}

patchbay_status Check::complete(const patchbay_verdict* verdict) {
    if (stage() == Stage::over) {
        instance().fault("called complete() twice");
        return PATCHBAY_E_BAD_STATE;
    }
    patchbay_status status = PATCHBAY_OK;
    const bool one =
        verdict && !verdict->change && (verdict->allow != nullptr) != (verdict->deny != nullptr);
    if (one && verdict->deny) {
        verdict_ = std::unexpected(plugins::copy_of(*verdict->deny));
    } else if (one && is_valid(*verdict->allow) && is_expired(*verdict->allow)) {
        verdict_ =
            failure(ErrorCode::unauthenticated, "Unauthorized: these credentials have expired.");
    } else if (one && is_valid(*verdict->allow)) {
        verdict_ = copy_of(*verdict->allow);
    } else {
        status = PATCHBAY_E_BAD_REQUEST;
        instance().fault("gave an invalid verdict");
        verdict_ = failure(ErrorCode::internal, instance().name() + " gave an invalid verdict");
    }
    end();
    if (done_) later([this] { give(std::move(*verdict_)); });
    return status;
}

void Check::on_broken(Error error) {
    if (done_) give(std::unexpected(std::move(error)));
    cancel_plugin(PATCHBAY_REASON_OVERRUN);
}

// A plugin that left *check NULL has no state: it gets no cancel and close.
void Check::call_cancel(patchbay_reason reason) {
    if (check_) call_plugin("auth.cancel", [&] { auth_.cancel(check_, reason); });
}

void Check::call_close() {
    if (check_) call_plugin("auth.close", [&] { auth_.close(check_); });
}

}  // namespace patchbay::plugins
