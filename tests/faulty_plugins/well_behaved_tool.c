#include "well_behaved_tool.h"

#include <stdlib.h>

static void finish(struct call* call, uint32_t reason) {
    if (call->finished) return;
    call->finished = 1;
    finish_with(call->host, call->stream, reason);
    if (reason == PATCHBAY_FINISH_CANCELLED && faults.cancelled) faults.cancelled(call);
}

static void work(void* user) {
    struct call* call = user;
    call->result = faults.result ? faults.result : "{\"done\":true}";
    if (faults.job) faults.job(call);
}

static void done(void* user, patchbay_status status) {
    struct call* call = user;
    if (call->finished) return;
    if (status == PATCHBAY_OK && call->result[0])
        emit_text(call->host, call->stream, PATCHBAY_EVENT_TOOL_RESULT, text(call->result));
    finish(call, status == PATCHBAY_OK            ? PATCHBAY_FINISH_STOP
                 : status == PATCHBAY_E_CANCELLED ? PATCHBAY_FINISH_CANCELLED
                                                  : PATCHBAY_FINISH_ERROR);
}

static patchbay_str describe(void* instance) {
    (void)instance;
    return text(
        "[{\"name\": \"work\", \"description\": \"Works.\", \"parameters\": {\"type\": \"object\","
        " \"properties\": {\"on\": {\"type\": \"string\"}}, \"required\": [\"on\"]}}]");
}

static patchbay_status call_tool(void* instance, const patchbay_tool_request* request,
                                 patchbay_stream stream, void** state) {
    const patchbay_host* host = instance;
    const patchbay_worker_1* worker = host->get_interface(host, text(PATCHBAY_WORKER_1));
    struct call* call = calloc(1, sizeof(struct call));
    (void)request;
    call->host = host;
    call->stream = stream;
    const patchbay_status status = worker->run(host, stream, work, done, call);
    if (status != PATCHBAY_OK) {
        free(call);
        return refuse(host, status, "the host has no worker");
    }
    *state = call;
    return PATCHBAY_OK;
}

static void resume(void* state) { (void)state; }

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    finish(state, PATCHBAY_FINISH_CANCELLED);
}

static const patchbay_tool_1 tool = {describe, call_tool, resume, cancel, free};

PLUGIN_OF(PATCHBAY_TOOL_1, &tool, PATCHBAY_STREAM_1, PATCHBAY_WORKER_1);
