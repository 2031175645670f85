// The host's side of the interfaces: what patchbay_host offers to an instance.
//
// No C++ exception leaves these functions: they are noexcept, so that one stops the server at its
// cause instead of in a plugin's frames.
#pragma once

#include <patchbay/abi/approval.h>
#include <patchbay/abi/chat.h>
#include <patchbay/abi/history.h>
#include <patchbay/abi/http.h>
#include <patchbay/abi/kv.h>
#include <patchbay/abi/log.h>
#include <patchbay/abi/metrics.h>
#include <patchbay/abi/secrets.h>
#include <patchbay/abi/stream.h>
#include <patchbay/abi/timer.h>
#include <patchbay/abi/tools.h>
#include <patchbay/abi/verdict.h>
#include <patchbay/abi/worker.h>

namespace patchbay::plugins {

const void* host_get_interface(const patchbay_host* host, patchbay_str interface_id) noexcept;
void host_set_error(const patchbay_host* host, const patchbay_error* error) noexcept;

extern const patchbay_stream_1 host_stream;
extern const patchbay_verdict_1 host_verdict;
extern const patchbay_http_1 host_http;
extern const patchbay_timer_1 host_timer;
extern const patchbay_log_1 host_log;
extern const patchbay_secrets_1 host_secrets;
extern const patchbay_chat_1 host_chat;
extern const patchbay_tools_1 host_tools;
extern const patchbay_approval_1 host_approval;
extern const patchbay_history_1 host_history;
extern const patchbay_worker_1 host_worker;
extern const patchbay_kv_1 host_kv;
extern const patchbay_metrics_1 host_metrics;

}  // namespace patchbay::plugins
