// One HTTP call of a plugin, bound to its stream or request.
#pragma once

#include "runtime/net/http_client.hpp"

#include <patchbay/abi/http.h>

namespace patchbay::plugins {

class Owner;

class BoundCall final : public net::HttpHandler {
public:
    BoundCall(Owner& owner, uint32_t flags, const patchbay_http_handler& handler, void* user);
    ~BoundCall() override;
    BoundCall(const BoundCall&) = delete;
    BoundCall& operator=(const BoundCall&) = delete;

    // OK, BAD_REQUEST or LIMIT; only after OK does done() follow.
    patchbay_status start(const patchbay_http_start& request);
    patchbay_handle handle() const { return handle_; }

    // What http.h calls cancel. [any-thread]
    static patchbay_status cancel(patchbay_handle call);

    void abort();  // done(CANCELLED) follows on a later turn
    void pause();  // unless the plugin wants MANUAL_PAUSE
    void resume();

    void on_head(int status, const net::HeaderViews& headers) override;
    void on_data(std::string_view bytes) override;
    void on_event(const net::SseEventView& event) override;
    void on_done(const Error* error) override;

private:
    void drop_handle();

    Owner& owner_;
    const patchbay_http_handler& handler_;
    void* user_;
    uint32_t flags_;
    patchbay_handle handle_{};
    net::HttpCallId id_ = 0;
};

}  // namespace patchbay::plugins
