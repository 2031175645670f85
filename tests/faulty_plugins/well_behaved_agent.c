#include "well_behaved_agent.h"

#include <stdlib.h>

static void finish(struct answer* answer, uint32_t reason) {
    if (answer->finished) return;
    answer->finished = 1;
    finish_with(answer->host, answer->stream, reason);
}

static patchbay_status ask(struct answer* answer);

static void done(void* user, const patchbay_chat_end* end) {
    struct answer* answer = user;
    const int failed = end->reason == PATCHBAY_FINISH_ERROR;
    if (faults.done) faults.done(answer);
    if (end->reason == PATCHBAY_FINISH_CANCELLED && faults.ignores_cancel) {
        const patchbay_status status = ask(answer);
        if (status < 0 && status != PATCHBAY_E_CANCELLED) finish(answer, PATCHBAY_FINISH_ERROR);
        return;
    }
    if (failed && faults.knows_codes_only && end->error->code < PATCHBAY_E_LIMIT) return;
    if (!failed || !faults.forgets_failures)
        finish(answer, failed ? PATCHBAY_FINISH_ERROR : PATCHBAY_FINISH_STOP);
}

static const patchbay_chat_handler handler = {NULL, done};

static patchbay_status ask(struct answer* answer) {
    const patchbay_host* host = answer->host;
    const patchbay_chat_1* chat = host->get_interface(host, text(PATCHBAY_CHAT_1));
    patchbay_chat_start start = {0};
    patchbay_handle child;
    start.flags = PATCHBAY_CHAT_FORWARD;
    return chat->start(host, answer->stream, &start, &handler, answer, &child);
}

static patchbay_status open_answer(void* instance, const patchbay_agent_request* request,
                                   patchbay_stream stream, void** state) {
    struct answer* answer = calloc(1, sizeof(struct answer));
    answer->host = instance;
    answer->stream = stream;
    if (faults.open) faults.open(answer, request);
    const patchbay_status status = ask(answer);
    if (status != PATCHBAY_OK) {
        free(answer);
        return refuse(instance, status, "the host starts no child");
    }
    *state = answer;
    return PATCHBAY_OK;
}

static void resume(void* state) { (void)state; }

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    if (!faults.ignores_cancel) finish(state, PATCHBAY_FINISH_CANCELLED);
}

static const patchbay_agent_1 agent = {open_answer, resume, cancel, free, NULL};

PLUGIN_OF(PATCHBAY_AGENT_1, &agent, PATCHBAY_STREAM_1, PATCHBAY_CHAT_1);
