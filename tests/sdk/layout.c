/* The layout of every struct of the ABI: sizes and offsets, in bytes.
 *
 * From release 1.0 on no line of this file may change; structs may only be added. Compiled as C11,
 * C17, C++17 and C++23. */
#include <patchbay/abi/agent.h>
#include <patchbay/abi/approval.h>
#include <patchbay/abi/auth.h>
#include <patchbay/abi/base.h>
#include <patchbay/abi/chat.h>
#include <patchbay/abi/error.h>
#include <patchbay/abi/exporter.h>
#include <patchbay/abi/history.h>
#include <patchbay/abi/host.h>
#include <patchbay/abi/http.h>
#include <patchbay/abi/kv.h>
#include <patchbay/abi/log.h>
#include <patchbay/abi/metrics.h>
#include <patchbay/abi/middleware.h>
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/secrets.h>
#include <patchbay/abi/stream.h>
#include <patchbay/abi/timer.h>
#include <patchbay/abi/tool.h>
#include <patchbay/abi/tools.h>
#include <patchbay/abi/verdict.h>
#include <patchbay/abi/worker.h>

#include <assert.h>
#include <stddef.h>

#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type)
#define AT(type, member, bytes) static_assert(offsetof(type, member) == (bytes), #type "." #member)

/* base.h */
SIZE(patchbay_str, 16);
AT(patchbay_str, data, 0);
AT(patchbay_str, size, 8);

SIZE(patchbay_handle, 8);
AT(patchbay_handle, bits, 0);

/* error.h */
SIZE(patchbay_error, 72);
AT(patchbay_error, code, 0);
AT(patchbay_error, flags, 4);
AT(patchbay_error, retry_after_ms, 8);
AT(patchbay_error, http_status, 16);
AT(patchbay_error, reserved, 20);
AT(patchbay_error, message, 24);
AT(patchbay_error, detail_json, 40);
AT(patchbay_error, extra_json, 56);

/* plugin.h */
SIZE(patchbay_plugin, 56);
AT(patchbay_plugin, abi, 0);
AT(patchbay_plugin, draft, 4);
AT(patchbay_plugin, id, 8);
AT(patchbay_plugin, version, 16);
AT(patchbay_plugin, about_json, 24);
AT(patchbay_plugin, create, 32);
AT(patchbay_plugin, destroy, 40);
AT(patchbay_plugin, get_interface, 48);

/* host.h */
SIZE(patchbay_host, 32);
AT(patchbay_host, abi, 0);
AT(patchbay_host, draft, 4);
AT(patchbay_host, version, 8);
AT(patchbay_host, get_interface, 16);
AT(patchbay_host, set_error, 24);

/* provider.h */
SIZE(patchbay_chat_request, 144);
AT(patchbay_chat_request, model, 0);
AT(patchbay_chat_request, messages_json, 16);
AT(patchbay_chat_request, options_json, 32);
AT(patchbay_chat_request, tools_json, 48);
AT(patchbay_chat_request, prefill, 64);
AT(patchbay_chat_request, traceparent, 80);
AT(patchbay_chat_request, run_id, 96);
AT(patchbay_chat_request, extra_json, 112);
AT(patchbay_chat_request, deadline_ms, 128);
AT(patchbay_chat_request, max_tokens, 136);
AT(patchbay_chat_request, attempt, 140);

SIZE(patchbay_provider_1, 40);
AT(patchbay_provider_1, open, 0);
AT(patchbay_provider_1, resume, 8);
AT(patchbay_provider_1, cancel, 16);
AT(patchbay_provider_1, close, 24);
AT(patchbay_provider_1, models, 32);

/* auth.h */
SIZE(patchbay_header, 32);
AT(patchbay_header, name, 0);
AT(patchbay_header, value, 16);

SIZE(patchbay_http_request, 128);
AT(patchbay_http_request, method, 0);
AT(patchbay_http_request, path, 16);
AT(patchbay_http_request, query, 32);
AT(patchbay_http_request, remote, 48);
AT(patchbay_http_request, headers, 64);
AT(patchbay_http_request, header_count, 72);
AT(patchbay_http_request, flags, 76);
AT(patchbay_http_request, credential, 80);
AT(patchbay_http_request, scheme, 96);
AT(patchbay_http_request, extra_json, 112);

SIZE(patchbay_auth_1, 24);
AT(patchbay_auth_1, check, 0);
AT(patchbay_auth_1, cancel, 8);
AT(patchbay_auth_1, close, 16);

/* stream.h */
SIZE(patchbay_usage, 48);
AT(patchbay_usage, prompt_tokens, 0);
AT(patchbay_usage, completion_tokens, 8);
AT(patchbay_usage, cached_tokens, 16);
AT(patchbay_usage, cache_write_tokens, 24);
AT(patchbay_usage, reasoning_tokens, 32);
AT(patchbay_usage, estimated, 40);
AT(patchbay_usage, reserved, 44);

SIZE(patchbay_event, 88);
AT(patchbay_event, kind, 0);
AT(patchbay_event, channel, 4);
AT(patchbay_event, flags, 8);
AT(patchbay_event, percent, 12);
AT(patchbay_event, text, 16);
AT(patchbay_event, name, 32);
AT(patchbay_event, id, 48);
AT(patchbay_event, extra_json, 64);
AT(patchbay_event, usage, 80);

SIZE(patchbay_stream_1, 24);
AT(patchbay_stream_1, emit, 0);
AT(patchbay_stream_1, finish, 8);
AT(patchbay_stream_1, post, 16);

/* verdict.h */
SIZE(patchbay_principal, 80);
AT(patchbay_principal, owner, 0);
AT(patchbay_principal, credential_id, 16);
AT(patchbay_principal, email, 32);
AT(patchbay_principal, extra_json, 48);
AT(patchbay_principal, expires_at_ms, 64);
AT(patchbay_principal, role, 72);
AT(patchbay_principal, reserved, 76);

SIZE(patchbay_change, 112);
AT(patchbay_change, content_json, 0);
AT(patchbay_change, input_json, 16);
AT(patchbay_change, options_json, 32);
AT(patchbay_change, model, 48);
AT(patchbay_change, system, 64);
AT(patchbay_change, answer, 80);
AT(patchbay_change, extra_json, 96);

SIZE(patchbay_verdict, 24);
AT(patchbay_verdict, allow, 0);
AT(patchbay_verdict, change, 8);
AT(patchbay_verdict, deny, 16);

SIZE(patchbay_verdict_1, 8);
AT(patchbay_verdict_1, complete, 0);

/* http.h */
SIZE(patchbay_http_start, 112);
AT(patchbay_http_start, method, 0);
AT(patchbay_http_start, url, 16);
AT(patchbay_http_start, body, 32);
AT(patchbay_http_start, headers, 48);
AT(patchbay_http_start, header_count, 56);
AT(patchbay_http_start, flags, 60);
AT(patchbay_http_start, connect_timeout_ms, 64);
AT(patchbay_http_start, first_byte_timeout_ms, 68);
AT(patchbay_http_start, idle_timeout_ms, 72);
AT(patchbay_http_start, total_timeout_ms, 76);
AT(patchbay_http_start, max_body_bytes, 80);
AT(patchbay_http_start, max_line_bytes, 88);
AT(patchbay_http_start, extra_json, 96);

SIZE(patchbay_sse_event, 48);
AT(patchbay_sse_event, name, 0);
AT(patchbay_sse_event, id, 16);
AT(patchbay_sse_event, data, 32);

SIZE(patchbay_http_handler, 32);
AT(patchbay_http_handler, head, 0);
AT(patchbay_http_handler, data, 8);
AT(patchbay_http_handler, event, 16);
AT(patchbay_http_handler, done, 24);

SIZE(patchbay_http_1, 16);
AT(patchbay_http_1, start, 0);
AT(patchbay_http_1, cancel, 8);

/* timer.h */
SIZE(patchbay_timer_1, 16);
AT(patchbay_timer_1, start, 0);
AT(patchbay_timer_1, cancel, 8);

/* log.h */
SIZE(patchbay_log_1, 16);
AT(patchbay_log_1, enabled, 0);
AT(patchbay_log_1, write, 8);

/* secrets.h */
SIZE(patchbay_credential, 80);
AT(patchbay_credential, id, 0);
AT(patchbay_credential, sha256, 16);
AT(patchbay_credential, owner, 32);
AT(patchbay_credential, name, 48);
AT(patchbay_credential, role, 64);
AT(patchbay_credential, revoked, 68);
AT(patchbay_credential, expires_at_ms, 72);

SIZE(patchbay_secrets_1, 16);
AT(patchbay_secrets_1, resolve, 0);
AT(patchbay_secrets_1, find_credential, 8);

/* error.h: each code in the list has its constant. */
#define SAME(NAME, name, value, http) static_assert(PATCHBAY_E_##NAME == (value), #name);
PATCHBAY_ERROR_CODES(SAME)

/* agent.h */
SIZE(patchbay_agent_request, 168);
AT(patchbay_agent_request, method, 0);
AT(patchbay_agent_request, input_json, 16);
AT(patchbay_agent_request, model, 32);
AT(patchbay_agent_request, options_json, 48);
AT(patchbay_agent_request, interaction_id, 64);
AT(patchbay_agent_request, run_id, 80);
AT(patchbay_agent_request, owner, 96);
AT(patchbay_agent_request, traceparent, 112);
AT(patchbay_agent_request, extra_json, 128);
AT(patchbay_agent_request, deadline_ms, 144);
AT(patchbay_agent_request, max_tokens, 152);
AT(patchbay_agent_request, attempt, 156);
AT(patchbay_agent_request, depth, 160);
AT(patchbay_agent_request, reserved, 164);

SIZE(patchbay_agent_1, 40);
AT(patchbay_agent_1, open, 0);
AT(patchbay_agent_1, resume, 8);
AT(patchbay_agent_1, cancel, 16);
AT(patchbay_agent_1, close, 24);
AT(patchbay_agent_1, methods, 32);

/* approval.h */
SIZE(patchbay_question, 72);
AT(patchbay_question, text, 0);
AT(patchbay_question, input_json, 16);
AT(patchbay_question, schema_json, 32);
AT(patchbay_question, extra_json, 48);
AT(patchbay_question, expires_in_ms, 64);

SIZE(patchbay_decision, 72);
AT(patchbay_decision, decision, 0);
AT(patchbay_decision, reserved, 4);
AT(patchbay_decision, input_json, 8);
AT(patchbay_decision, by, 24);
AT(patchbay_decision, comment, 40);
AT(patchbay_decision, extra_json, 56);

SIZE(patchbay_approval_1, 8);
AT(patchbay_approval_1, ask, 0);

/* chat.h */
SIZE(patchbay_chat_start, 152);
AT(patchbay_chat_start, agent, 0);
AT(patchbay_chat_start, method, 16);
AT(patchbay_chat_start, input_json, 32);
AT(patchbay_chat_start, model, 48);
AT(patchbay_chat_start, messages_json, 64);
AT(patchbay_chat_start, system, 80);
AT(patchbay_chat_start, options_json, 96);
AT(patchbay_chat_start, tools_json, 112);
AT(patchbay_chat_start, extra_json, 128);
AT(patchbay_chat_start, max_tokens, 144);
AT(patchbay_chat_start, flags, 148);

SIZE(patchbay_chat_end, 112);
AT(patchbay_chat_end, reason, 0);
AT(patchbay_chat_end, truncated, 4);
AT(patchbay_chat_end, error, 8);
AT(patchbay_chat_end, text, 16);
AT(patchbay_chat_end, tool_calls_json, 32);
AT(patchbay_chat_end, usage, 48);
AT(patchbay_chat_end, extra_json, 96);

SIZE(patchbay_chat_handler, 16);
AT(patchbay_chat_handler, events, 0);
AT(patchbay_chat_handler, done, 8);

SIZE(patchbay_chat_1, 24);
AT(patchbay_chat_1, start, 0);
AT(patchbay_chat_1, resume, 8);
AT(patchbay_chat_1, cancel, 16);

/* exporter.h */
SIZE(patchbay_exporter_1, 8);
AT(patchbay_exporter_1, export_spans, 0);

/* history.h */
SIZE(patchbay_history_1, 8);
AT(patchbay_history_1, read, 0);

/* kv.h */
SIZE(patchbay_kv_1, 32);
AT(patchbay_kv_1, get, 0);
AT(patchbay_kv_1, put, 8);
AT(patchbay_kv_1, remove, 16);
AT(patchbay_kv_1, list, 24);

/* metrics.h */
SIZE(patchbay_metric, 64);
AT(patchbay_metric, name, 0);
AT(patchbay_metric, help, 16);
AT(patchbay_metric, labels, 32);
AT(patchbay_metric, bucket_limits, 40);
AT(patchbay_metric, kind, 48);
AT(patchbay_metric, label_count, 52);
AT(patchbay_metric, bucket_count, 56);
AT(patchbay_metric, reserved, 60);

SIZE(patchbay_metrics_1, 24);
AT(patchbay_metrics_1, define, 0);
AT(patchbay_metrics_1, add, 8);
AT(patchbay_metrics_1, set, 16);

/* middleware.h */
SIZE(patchbay_turn, 200);
AT(patchbay_turn, surface, 0);
AT(patchbay_turn, owner, 16);
AT(patchbay_turn, credential_id, 32);
AT(patchbay_turn, interaction_id, 48);
AT(patchbay_turn, agent, 64);
AT(patchbay_turn, model, 80);
AT(patchbay_turn, method, 96);
AT(patchbay_turn, content_json, 112);
AT(patchbay_turn, input_json, 128);
AT(patchbay_turn, options_json, 144);
AT(patchbay_turn, traceparent, 160);
AT(patchbay_turn, extra_json, 176);
AT(patchbay_turn, role, 192);
AT(patchbay_turn, attempt, 196);

SIZE(patchbay_middleware_1, 40);
AT(patchbay_middleware_1, on_request, 0);
AT(patchbay_middleware_1, cancel, 8);
AT(patchbay_middleware_1, on_events, 16);
AT(patchbay_middleware_1, on_end, 24);
AT(patchbay_middleware_1, close, 32);

/* tool.h */
SIZE(patchbay_tool_request, 136);
AT(patchbay_tool_request, name, 0);
AT(patchbay_tool_request, arguments_json, 16);
AT(patchbay_tool_request, call_id, 32);
AT(patchbay_tool_request, interaction_id, 48);
AT(patchbay_tool_request, run_id, 64);
AT(patchbay_tool_request, owner, 80);
AT(patchbay_tool_request, traceparent, 96);
AT(patchbay_tool_request, extra_json, 112);
AT(patchbay_tool_request, deadline_ms, 128);

SIZE(patchbay_tool_1, 40);
AT(patchbay_tool_1, describe, 0);
AT(patchbay_tool_1, call, 8);
AT(patchbay_tool_1, resume, 16);
AT(patchbay_tool_1, cancel, 24);
AT(patchbay_tool_1, close, 32);

/* tools.h */
SIZE(patchbay_tool_start, 64);
AT(patchbay_tool_start, name, 0);
AT(patchbay_tool_start, arguments_json, 16);
AT(patchbay_tool_start, call_id, 32);
AT(patchbay_tool_start, extra_json, 48);

SIZE(patchbay_tool_end, 56);
AT(patchbay_tool_end, call_id, 0);
AT(patchbay_tool_end, output_json, 16);
AT(patchbay_tool_end, error, 32);
AT(patchbay_tool_end, extra_json, 40);

SIZE(patchbay_tools_1, 24);
AT(patchbay_tools_1, list, 0);
AT(patchbay_tools_1, call, 8);
AT(patchbay_tools_1, cancel, 16);

/* worker.h */
SIZE(patchbay_worker_1, 8);
AT(patchbay_worker_1, run, 0);
