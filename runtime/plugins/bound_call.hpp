// One HTTP call of a plugin, bound to its stream or request.
#pragma once

#include "runtime/net/http_client.hpp"
#include "runtime/plugins/attachment.hpp"

#include <patchbay/abi/http.h>

namespace patchbay::plugins {

class BoundCall final : public Attachment, public net::HttpHandler {
public:
    BoundCall(Owner& owner, uint32_t flags, const patchbay_http_handler& handler, void* user);

    // OK, BAD_REQUEST, UNSUPPORTED or LIMIT; only after OK does done() follow.
    patchbay_status start(const patchbay_http_start& request);

    // What http.h calls cancel. [any-thread]
    static patchbay_status cancel(Instance& caller, patchbay_handle call);

    void abort() override;
    void pause() override;  // unless the plugin wants MANUAL_PAUSE
    void resume() override;

    void on_head(int status, const net::HeaderViews& headers) override;
    void on_data(std::string_view bytes) override;
    void on_event(const net::SseEventView& event) override;
    void on_done(const Error* error) override;

private:
    const patchbay_http_handler& handler_;
    void* user_;
    uint32_t flags_;
    net::HttpCallId id_ = 0;
};

}  // namespace patchbay::plugins
