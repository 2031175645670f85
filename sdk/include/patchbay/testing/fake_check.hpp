// One check of an auth plugin under test.
#pragma once

#include <patchbay/abi/auth.h>
#include <patchbay/error.hpp>
#include <patchbay/testing/fake_owner.hpp>
#include <patchbay/view.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::testing {

// What check() is asked: as patchbay_http_request, owned.
struct CheckInput {
    std::string credential = {};
    std::string scheme = {};  // "api_key" | "bearer" | ""
    std::string method = "GET";
    std::string path = "/";
    std::string query = {};
    std::string remote = "127.0.0.1";
    std::vector<std::pair<std::string, std::string>> headers = {};
};

// As patchbay_principal, owned.
struct RecordedPrincipal {
    std::string owner;
    std::string credential_id;
    std::string email;
    std::string extra_json;
    int64_t expires_at_ms = 0;
    uint32_t role = 0;
};

class FakeCheck : public FakeOwner {
public:
    using FakeOwner::FakeOwner;

    const std::optional<RecordedPrincipal>& allowed() const { return allowed_; }
    const std::optional<Error>& denied() const { return denied_; }
    bool not_mine() const { return not_mine_; }
    bool answered() const { return allowed_ || denied_ || not_mine_; }

    // cancel() follows; nobody gets in any more.
    void cancel(patchbay_reason reason = PATCHBAY_REASON_GONE) {
        if (answered() || std::exchange(cancelled_, true) || !hold()) return;
        lane_.turns.add([this, reason] {
            if (state_) auth_->cancel(state_, reason);
            release();
        });
        if (on_cancel) on_cancel();  // after it, so that the plugin hears cancel() first
    }

    // --- for the fake host ----------------------------------------------------------------------
    std::function<void()> on_cancel;  // cancels HTTP calls and timers

    // check() returned `status`; `error` is what it gave to set_error().
    void checked(const patchbay_auth_1* auth, patchbay_status status, void* state,
                 std::optional<Error> error) {
        auth_ = auth;
        state_ = state;
        opened_ = true;
        if (status == PATCHBAY_NOT_MINE) {
            not_mine_ = true;
        } else if (status < 0) {
            if (!error) lane_.fault("check failed without set_error");
            deny(error.value_or(Error{.code = code_of(status), .message = {}}));
        } else if (status == PATCHBAY_OK && !answered()) {
            lane_.fault("check returned OK without complete");
            deny({.code = ErrorCode::internal, .message = "no verdict"});
        } else if (status != PATCHBAY_OK && status != PATCHBAY_PENDING) {
            lane_.fault("check returned an unknown status");
            allowed_.reset();
            deny({.code = ErrorCode::internal, .message = "no clear answer"});
        } else if (status == PATCHBAY_PENDING) {
            lane_.turns.add([this] { give_up(); }, std::chrono::seconds(5));
        }
        close_when_idle();
    }

    patchbay_status complete(const patchbay_verdict* verdict) {
        if (const auto status = usable("complete"); status != PATCHBAY_OK) return status;
        if (cancelled_) return PATCHBAY_OK;  // allowed, and ignored
        if (answered()) {
            lane_.fault("a second verdict");
            return PATCHBAY_E_BAD_STATE;
        }
        if (verdict->change || (verdict->allow != nullptr) == (verdict->deny != nullptr)) {
            lane_.fault("a verdict that neither allows nor denies, or both");
            deny({.code = ErrorCode::internal, .message = "no verdict"});
            return PATCHBAY_E_BAD_REQUEST;
        }
        if (verdict->deny)
            deny(error_of(*verdict->deny));
        else
            allow(*verdict->allow);
        close_when_idle();
        return PATCHBAY_OK;
    }

private:
    bool ended() const override { return answered() || cancelled_; }
    void close() override {
        if (state_) auth_->close(state_);
    }

    void allow(const patchbay_principal& principal) {
        allowed_ = {.owner = std::string(text_of(principal.owner)),
                    .credential_id = std::string(text_of(principal.credential_id)),
                    .email = std::string(text_of(principal.email)),
                    .extra_json = std::string(text_of(principal.extra_json)),
                    .expires_at_ms = principal.expires_at_ms,
                    .role = principal.role};
        if (allowed_->owner.empty() || allowed_->owner.size() > 256)
            lane_.fault("a principal whose owner is not 1..256 bytes");
    }

    void deny(Error error) { denied_ = std::move(error); }

    void give_up() {
        if (ended()) return;
        lane_.fault("no verdict within 5 s");
        cancel(PATCHBAY_REASON_DEADLINE);
    }

    const patchbay_auth_1* auth_ = nullptr;
    void* state_ = nullptr;
    std::optional<RecordedPrincipal> allowed_;
    std::optional<Error> denied_;
    bool not_mine_ = false;
};

}  // namespace patchbay::testing
