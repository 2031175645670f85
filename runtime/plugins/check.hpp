// One question to one auth plugin: patchbay.verdict/1 towards the plugin.
#pragma once

#include "runtime/plugins/authenticator.hpp"
#include "runtime/plugins/request.hpp"

#include <optional>

namespace patchbay::plugins {

class Check final : public Request {
public:
    enum class Outcome { answered, not_mine, pending };

    Check(net::Lane& lane, InstanceRef instance);

    // Asks. `answered` sets `answer`; `pending` takes `done`, which then runs on a later turn.
    static Outcome ask(net::Lane& lane, const InstanceRef& instance,
                       const patchbay_http_request& request,
                       std::optional<Result<Principal>>& answer, AuthDone& done);

    patchbay_status complete(const patchbay_verdict* verdict) override;

private:
    patchbay_status call_check(const patchbay_http_request& request);
    void wait(AuthDone done);
    void on_late();
    void give(Result<Principal> answer);

    void call_cancel(patchbay_reason reason) override;
    void call_close() override;
    void on_broken(Error error) override;

    const patchbay_auth_1& auth_;
    void* check_ = nullptr;
    AuthDone done_;                             // empty unless somebody waits
    std::optional<Result<Principal>> verdict_;  // as it came in check()
    std::optional<Error> failed_;               // why check() did
};

}  // namespace patchbay::plugins
