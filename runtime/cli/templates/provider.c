/* my_plugin: a provider. It answers every request with the same sentence, word by word. */
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>

#include <stdlib.h>
#include <string.h>

static const char answer[] = "Hello from my_plugin.";

typedef struct instance {
    const patchbay_host* host;
    const patchbay_stream_1* streams;
} instance;

typedef struct chat { /* one answer; close_chat() frees it */
    const instance* self;
    patchbay_stream stream;
    size_t sent;
    int finished;
} chat;

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

static void finish(chat* chat, uint32_t reason) {
    if (chat->finished) return;
    chat->finished = 1;
    chat->self->streams->finish(chat->self->host, chat->stream, reason, NULL);
}

/* Goes on where it was. The reader caught up, or it is the beginning. */
static void resume(void* state) {
    chat* chat = state;
    if (chat->finished) return;
    while (answer[chat->sent] != '\0') {
        const char* word = answer + chat->sent;
        const char* space = strchr(word, ' ');
        patchbay_event event = {0};
        event.kind = PATCHBAY_EVENT_DELTA;
        event.text = view(word);
        if (space) event.text.size = (uint64_t)(space + 1 - word);
        chat->sent += event.text.size;
        if (chat->self->streams->emit(chat->self->host, chat->stream, &event, 1) != PATCHBAY_OK)
            return; /* resume() or cancel() comes */
    }
    finish(chat, PATCHBAY_FINISH_STOP);
}

/* What is asked is in `request`: the model, the messages as JSON, and how long to go on. */
static patchbay_status open_chat(void* self, const patchbay_chat_request* request,
                                 patchbay_stream stream, void** state) {
    chat* opened = calloc(1, sizeof *opened);
    (void)request;
    if (!opened) return fail(((instance*)self)->host, PATCHBAY_E_INTERNAL, "out of memory");
    opened->self = self;
    opened->stream = stream;
    *state = opened;
    resume(opened);
    return PATCHBAY_OK;
}

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    finish(state, PATCHBAY_FINISH_CANCELLED);
}

static void close_chat(void* state) { free(state); }

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** made) {
    instance* self = calloc(1, sizeof *self);
    (void)config;
    if (!self) return fail(host, PATCHBAY_E_INTERNAL, "out of memory");
    self->host = host;
    self->streams = host->get_interface(host, view(PATCHBAY_STREAM_1));
    if (!self->streams) {
        free(self);
        return fail(host, PATCHBAY_E_UNSUPPORTED, "the host has no streams");
    }
    *made = self;
    return PATCHBAY_OK;
}

static void destroy(void* self) { free(self); }

static const void* get_interface(patchbay_str id) {
    static const patchbay_provider_1 provider = {open_chat, resume, cancel, close_chat, NULL};
    const patchbay_str mine = view(PATCHBAY_PROVIDER_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &provider : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.my_plugin",
    .version = "0.1.0",
    .about_json = "{\"title\": \"my_plugin\", \"interfaces\": [\"" PATCHBAY_PROVIDER_1
                  "\"], "
                  "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
