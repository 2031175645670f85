/* my_plugin: an agent. It asks the model, with an instruction of its own, and passes on what it
 * says. */
#include <patchbay/abi/agent.h>
#include <patchbay/abi/chat.h>
#include <patchbay/abi/plugin.h>

#include <stdlib.h>
#include <string.h>

typedef struct instance {
    const patchbay_host* host;
    const patchbay_stream_1* streams;
    const patchbay_chat_1* chats;
} instance;

typedef struct answer { /* close_answer() frees it */
    const instance* self;
    patchbay_stream stream;
    int finished;
} answer;

static patchbay_str view(const char* text) {
    patchbay_str result = {text, strlen(text)};
    return result;
}

/* Tells the host why the current call fails. */
static patchbay_status fail(const patchbay_host* host, patchbay_status code, const char* why) {
    patchbay_error error = {0};
    error.code = code;
    error.message = view(why);
    host->set_error(host, &error);
    return code;
}

static void finish(answer* answer, uint32_t reason, const patchbay_error* error) {
    if (answer->finished) return;
    answer->finished = 1;
    answer->self->streams->finish(answer->self->host, answer->stream, reason, error);
}

/* The model has ended; so does the answer, in the same way. A reason that only a later host knows
 * is taken for STOP. */
static void model_done(void* user, const patchbay_chat_end* end) {
    const int known = end->reason >= PATCHBAY_FINISH_STOP && end->reason <= PATCHBAY_FINISH_ERROR;
    finish(user, known ? end->reason : PATCHBAY_FINISH_STOP, end->error);
}

/* Without messages of its own the model is asked with what was said so far. */
static patchbay_status open_answer(void* made, const patchbay_agent_request* request,
                                   patchbay_stream stream, void** state) {
    static const patchbay_chat_handler handler = {NULL, model_done};
    const instance* self = made;
    patchbay_chat_start start = {0};
    patchbay_handle child;
    patchbay_status status;
    answer* opened = calloc(1, sizeof *opened);
    (void)request;
    if (!opened) return fail(self->host, PATCHBAY_E_INTERNAL, "out of memory");
    opened->self = self;
    opened->stream = stream;

    start.system = view("Answer in one sentence.");
    start.flags = PATCHBAY_CHAT_FORWARD;
    status = self->chats->start(self->host, stream, &start, &handler, opened, &child);
    if (status < 0) {
        free(opened);
        return fail(self->host, status, "the model cannot be asked");
    }
    *state = opened;
    return PATCHBAY_OK;
}

static void resume(void* state) { (void)state; } /* the host holds what is forwarded */

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    finish(state, PATCHBAY_FINISH_CANCELLED, NULL);
}

static void close_answer(void* state) { free(state); }

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** made) {
    instance* self = calloc(1, sizeof *self);
    (void)config;
    if (!self) return fail(host, PATCHBAY_E_INTERNAL, "out of memory");
    self->host = host;
    self->streams = host->get_interface(host, view(PATCHBAY_STREAM_1));
    self->chats = host->get_interface(host, view(PATCHBAY_CHAT_1));
    if (!self->streams || !self->chats) {
        free(self);
        return fail(host, PATCHBAY_E_UNSUPPORTED, "the host has no streams or asks no models");
    }
    *made = self;
    return PATCHBAY_OK;
}

static void destroy(void* self) { free(self); }

static const void* get_interface(patchbay_str id) {
    static const patchbay_agent_1 agent = {open_answer, resume, cancel, close_answer, NULL};
    const patchbay_str mine = view(PATCHBAY_AGENT_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &agent : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.my_plugin",
    .version = "0.1.0",
    .about_json = "{\"title\": \"my_plugin\", \"interfaces\": [\"" PATCHBAY_AGENT_1
                  "\"], "
                  "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
