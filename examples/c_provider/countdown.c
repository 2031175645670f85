/* countdown: a provider that counts down from its model, one number a tick: the model "3" answers
 * "3 2 1 0", and one that is no number counts from 10. Plain C over the C headers; shows timers,
 * backpressure, cancelling and errors. */
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/timer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { tick_us = 1000, largest = 100000 };

typedef struct countdown {
    const patchbay_host* host;
    const patchbay_stream_1* streams;
    const patchbay_timer_1* timers;
} countdown;

typedef struct chat { /* one answer; close() frees it */
    const countdown* self;
    patchbay_stream stream;
    int next, paused, finished;
} chat;

static patchbay_str view(const char* text) {
    patchbay_str result = {text, strlen(text)};
    return result;
}

/* Tells the host why the current call fails. */
static patchbay_status fail(const patchbay_host* host, patchbay_status code, const char* why) {
    patchbay_error error = {0};
    error.code = code;
    error.flags = PATCHBAY_ERROR_USER_SAFE;
    error.message = view(why);
    host->set_error(host, &error);
    return code;
}

static void finish(chat* chat, uint32_t reason, const patchbay_error* error) {
    if (chat->finished) return;
    chat->finished = 1;
    chat->self->streams->finish(chat->self->host, chat->stream, reason, error);
}

static void count(void* user, patchbay_status status);

static void wait_for_tick(chat* chat) {
    const countdown* self = chat->self;
    patchbay_handle timer;
    patchbay_error error = {0};
    error.message = view("the host starts no timer");
    error.code = self->timers->start(self->host, chat->stream, tick_us, count, chat, &timer);
    if (error.code < 0) finish(chat, PATCHBAY_FINISH_ERROR, &error);
}

/* A tick: says one number. `status` is CANCELLED when the host is ending the stream. */
static void count(void* user, patchbay_status status) {
    chat* chat = user;
    const countdown* self = chat->self;
    char text[16];
    patchbay_event event = {0};
    if (status < 0 || chat->finished) return;

    snprintf(text, sizeof text, chat->next == 0 ? "%d" : "%d ", chat->next);
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = view(text);
    status = self->streams->emit(self->host, chat->stream, &event, 1);
    if (status == PATCHBAY_E_CANCELLED) return; /* cancel() is on its way */
    chat->paused = status == PATCHBAY_PAUSE;
    if (chat->next-- == 0)
        finish(chat, PATCHBAY_FINISH_STOP, NULL);
    else if (!chat->paused)
        wait_for_tick(chat);
}

static patchbay_status open_chat(void* instance, const patchbay_chat_request* request,
                                 patchbay_stream stream, void** state) {
    const countdown* self = instance;
    char model[16] = "", *end;
    long from;
    chat* opened;

    if (request->model.size > 0 && request->model.size < sizeof model)
        memcpy(model, request->model.data, request->model.size); /* an empty view may be NULL */
    from = strtol(model, &end, 10);
    if (end == model || *end != '\0' || from < 0) from = 10;
    if (from > largest) return fail(self->host, PATCHBAY_E_MODEL_NOT_FOUND, "more than 100000");

    opened = calloc(1, sizeof *opened);
    if (!opened) return fail(self->host, PATCHBAY_E_INTERNAL, "out of memory");
    opened->self = self;
    opened->stream = stream;
    opened->next = (int)from;
    *state = opened;
    wait_for_tick(opened);
    return PATCHBAY_OK;
}

static void resume(void* state) {
    chat* chat = state;
    if (chat->finished || !chat->paused) return;
    chat->paused = 0;
    wait_for_tick(chat);
}

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    finish(state, PATCHBAY_FINISH_CANCELLED, NULL);
}

static void close_chat(void* state) { free(state); }

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** instance) {
    countdown* self = calloc(1, sizeof *self);
    (void)config;
    if (!self) return fail(host, PATCHBAY_E_INTERNAL, "out of memory");
    self->host = host;
    self->streams = host->get_interface(host, view(PATCHBAY_STREAM_1));
    self->timers = host->get_interface(host, view(PATCHBAY_TIMER_1));
    if (!self->streams || !self->timers) {
        free(self);
        return fail(host, PATCHBAY_E_UNSUPPORTED, "the host has no streams or no timers");
    }
    *instance = self;
    return PATCHBAY_OK;
}

static void destroy(void* instance) { free(instance); }

static const void* get_interface(patchbay_str id) {
    static const patchbay_provider_1 provider = {open_chat, resume, cancel, close_chat, NULL};
    const patchbay_str mine = view(PATCHBAY_PROVIDER_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &provider : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    PATCHBAY_ABI_MAJOR,
    PATCHBAY_ABI_DRAFT,
    "org.example.countdown",
    "1.0.0",
    "{\"title\": \"Countdown\", \"interfaces\": [\"" PATCHBAY_PROVIDER_1 "\"]}",
    create,
    destroy,
    get_interface};
