/* The C plugin that is kept of each release: a provider over the C headers and libc, that does a
 * little of everything: an answer inside open(), a timer, a post, a cancel, an error. */
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/timer.h>

#include <stdlib.h>
#include <string.h>

#ifndef FOSSIL_ABI
#define FOSSIL_ABI PATCHBAY_ABI_MAJOR
#endif

typedef struct instance {
    const patchbay_host* host;
    const patchbay_stream_1* streams;
    const patchbay_timer_1* timers;
} instance;

typedef struct chat {
    const instance* self;
    patchbay_stream stream;
    int finished;
} chat;

static patchbay_str view(const char* text) {
    patchbay_str result = {text, strlen(text)};
    return result;
}

static void say(const chat* chat, const char* text) {
    patchbay_event event = {0};
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = view(text);
    chat->self->streams->emit(chat->self->host, chat->stream, &event, 1);
}

static void finish(chat* chat, uint32_t reason) {
    if (chat->finished) return;
    chat->finished = 1;
    chat->self->streams->finish(chat->self->host, chat->stream, reason, NULL);
}

static void posted(void* state, patchbay_status status) {
    if (status < 0) return;
    say(state, "posted.");
    finish(state, PATCHBAY_FINISH_STOP);
}

static void on_time(void* state, patchbay_status status) {
    chat* chat = state;
    if (status < 0) return;
    say(chat, "in time, ");
    if (chat->self->streams->post(chat->self->host, chat->stream, posted, chat) < 0)
        finish(chat, PATCHBAY_FINISH_LENGTH);
}

static patchbay_status open_chat(void* made, const patchbay_chat_request* request,
                                 patchbay_stream stream, void** state) {
    const instance* self = made;
    patchbay_handle timer;
    chat* opened;
    if (request->model.size == 4 && memcmp(request->model.data, "none", 4) == 0) {
        patchbay_error error = {0};
        error.code = PATCHBAY_E_MODEL_NOT_FOUND;
        error.message = view("no such model");
        self->host->set_error(self->host, &error);
        return error.code;
    }
    opened = calloc(1, sizeof *opened);
    if (!opened) return PATCHBAY_E_INTERNAL;
    opened->self = self;
    opened->stream = stream;
    *state = opened;
    say(opened, "At once, ");
    if (self->timers->start(self->host, stream, 1000, on_time, opened, &timer) < 0)
        finish(opened, PATCHBAY_FINISH_LENGTH);
    return PATCHBAY_OK;
}

static void resume(void* state) { (void)state; }

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    finish(state, PATCHBAY_FINISH_CANCELLED);
}

static void close_chat(void* state) { free(state); }

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** made) {
    instance* self = calloc(1, sizeof *self);
    (void)config;
    if (!self) return PATCHBAY_E_INTERNAL;
    self->host = host;
    self->streams = host->get_interface(host, view(PATCHBAY_STREAM_1));
    self->timers = host->get_interface(host, view(PATCHBAY_TIMER_1));
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
    FOSSIL_ABI, PATCHBAY_ABI_DRAFT, "org.example.fossil", "1.0.0", "", create,
    destroy,    get_interface};
