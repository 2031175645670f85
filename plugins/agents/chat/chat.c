/* chat: the conversation so far goes to the run's model, and its answer to the reader. */
#include <patchbay/abi/agent.h>
#include <patchbay/abi/chat.h>
#include <patchbay/abi/plugin.h>

#include <stdlib.h>
#include <string.h>

typedef struct {
    const patchbay_host* host;
    const patchbay_stream_1* stream;
    const patchbay_chat_1* chat;
} instance_state;

typedef struct {
    const instance_state* instance;
    patchbay_stream stream;
} answer_state;

static void on_done(void* user, const patchbay_chat_end* end) {
    const answer_state* answer = user;
    answer->instance->stream->finish(answer->instance->host, answer->stream, end->reason,
                                     end->error);
}

static const patchbay_chat_handler handler = {NULL, on_done};

static patchbay_status open_answer(void* instance, const patchbay_agent_request* request,
                                   patchbay_stream stream, void** answer) {
    const instance_state* self = instance;
    (void)request;
    answer_state* made = calloc(1, sizeof *made);
    if (!made) return PATCHBAY_E_INTERNAL;
    made->instance = self;
    made->stream = stream;
    patchbay_chat_start start;
    memset(&start, 0, sizeof start);
    start.flags = PATCHBAY_CHAT_FORWARD;
    patchbay_handle child;
    const patchbay_status status =
        self->chat->start(self->host, stream, &start, &handler, made, &child);
    if (status < 0) {
        free(made);
        return status;
    }
    *answer = made;
    return PATCHBAY_OK;
}

static void resume(void* answer) { (void)answer; }
static void cancel(void* answer, patchbay_reason reason) {
    (void)answer;
    (void)reason;
}
static void close_answer(void* answer) { free(answer); }

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** instance) {
    (void)config;
    instance_state* made = calloc(1, sizeof *made);
    if (!made) return PATCHBAY_E_INTERNAL;
    made->host = host;
    made->stream = host->get_interface(host, (patchbay_str){PATCHBAY_STREAM_1, strlen(PATCHBAY_STREAM_1)});
    made->chat = host->get_interface(host, (patchbay_str){PATCHBAY_CHAT_1, strlen(PATCHBAY_CHAT_1)});
    *instance = made;
    return PATCHBAY_OK;
}

static void destroy(void* instance) { free(instance); }

static const patchbay_agent_1 agent = {open_answer, resume, cancel, close_answer, NULL};

static const void* get_interface(patchbay_str id) {
    return id.size == strlen(PATCHBAY_AGENT_1) && memcmp(id.data, PATCHBAY_AGENT_1, id.size) == 0
               ? &agent
               : NULL;
}

__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    PATCHBAY_ABI_MAJOR, 0, "dev.patchbay.chat", "0.1.0", "", create, destroy, get_interface};
