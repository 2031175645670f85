// What the host offers to one plugin instance.
//
// Life       made before the instance, gone after it: an instance may keep a reference.
// Threads    [any-thread].
#pragma once

#include <patchbay/abi/approval.h>
#include <patchbay/abi/chat.h>
#include <patchbay/abi/history.h>
#include <patchbay/abi/http.h>
#include <patchbay/abi/kv.h>
#include <patchbay/abi/metrics.h>
#include <patchbay/abi/secrets.h>
#include <patchbay/abi/timer.h>
#include <patchbay/abi/tools.h>
#include <patchbay/abi/worker.h>
#include <patchbay/log.hpp>

#include <string_view>

namespace patchbay {

// The host's tables that this SDK knows; nullptr = this host has none. They live as long as the
// process. Streams, calls, timers and the like use them; a plugin rarely has to.
struct HostInterfaces {
    const patchbay_stream_1* stream = nullptr;
    const patchbay_http_1* http = nullptr;
    const patchbay_timer_1* timer = nullptr;
    const patchbay_verdict_1* verdict = nullptr;
    const patchbay_secrets_1* secrets = nullptr;
    const patchbay_log_1* log = nullptr;
    const patchbay_chat_1* chat = nullptr;
    const patchbay_tools_1* tools = nullptr;
    const patchbay_history_1* history = nullptr;
    const patchbay_kv_1* kv = nullptr;
    const patchbay_worker_1* worker = nullptr;
    const patchbay_approval_1* approval = nullptr;
    const patchbay_metrics_1* metrics = nullptr;
};

class Host {
public:
    // Borrows `raw` and asks it for its interfaces.
    explicit Host(const patchbay_host* raw) noexcept
        : raw_(raw),
          interfaces_{.stream = find<patchbay_stream_1>(PATCHBAY_STREAM_1),
                      .http = find<patchbay_http_1>(PATCHBAY_HTTP_1),
                      .timer = find<patchbay_timer_1>(PATCHBAY_TIMER_1),
                      .verdict = find<patchbay_verdict_1>(PATCHBAY_VERDICT_1),
                      .secrets = find<patchbay_secrets_1>(PATCHBAY_SECRETS_1),
                      .log = find<patchbay_log_1>(PATCHBAY_LOG_1),
                      .chat = find<patchbay_chat_1>(PATCHBAY_CHAT_1),
                      .tools = find<patchbay_tools_1>(PATCHBAY_TOOLS_1),
                      .history = find<patchbay_history_1>(PATCHBAY_HISTORY_1),
                      .kv = find<patchbay_kv_1>(PATCHBAY_KV_1),
                      .worker = find<patchbay_worker_1>(PATCHBAY_WORKER_1),
                      .approval = find<patchbay_approval_1>(PATCHBAY_APPROVAL_1),
                      .metrics = find<patchbay_metrics_1>(PATCHBAY_METRICS_1)} {}

    Host(const Host&) = delete;  // streams and calls keep its address
    Host& operator=(const Host&) = delete;

    const patchbay_host* raw() const noexcept { return raw_; }
    const HostInterfaces& interfaces() const noexcept { return interfaces_; }

    // Of the host: "0.1.0".
    std::string_view version() const noexcept { return raw_->version; }

    // The host's table for `interface_id`, or nullptr. `Table` must be the type that belongs to it.
    template <class Table>
    const Table* find(std::string_view interface_id) const noexcept {
        return static_cast<const Table*>(raw_->get_interface(raw_, view_of(interface_id)));
    }

    // Lines of the instance itself; Stream::log() and Request::log() bear their ids too.
    Log log() const noexcept { return {raw_, interfaces_.log}; }

    // Tells the host why the current call fails; returns the status to return. For what this SDK
    // does not wrap: elsewhere a Result does it. [any-thread]
    patchbay_status fail(const patchbay_error& error) const noexcept {
        raw_->set_error(raw_, &error);
        return error.code;
    }

private:
    const patchbay_host* raw_;
    HostInterfaces interfaces_;
};

}  // namespace patchbay
