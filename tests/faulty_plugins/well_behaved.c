#include "well_behaved.h"

#include <stdlib.h>
#include <string.h>

patchbay_str text(const char* characters) {
    const patchbay_str view = {characters, strlen(characters)};
    return view;
}

static int is(patchbay_str view, const char* characters) {
    return view.size == strlen(characters) && memcmp(view.data, characters, view.size) == 0;
}

patchbay_status emit(struct chat* chat, uint32_t kind, const char* characters) {
    patchbay_event event = {0};
    event.kind = kind;
    event.text = text(characters);
    return chat->instance->stream->emit(chat->instance->host, chat->stream, &event, 1);
}

void finish(struct chat* chat, uint32_t reason) {
    patchbay_error error = {0};
    error.code = PATCHBAY_E_UNAVAILABLE;
    error.message = text("no timer");
    chat->finished = 1;
    chat->instance->stream->finish(chat->instance->host, chat->stream, reason,
                                   reason == PATCHBAY_FINISH_ERROR ? &error : NULL);
}

patchbay_status refuse(const patchbay_host* host, patchbay_status code, const char* reason) {
    patchbay_error error = {0};
    error.code = code;
    error.message = text(reason);
    host->set_error(host, &error);
    return code;
}

static void tell(void* user, patchbay_status status);

static patchbay_status wait_a_little(struct chat* chat) {
    patchbay_handle timer;
    if (chat->waiting) return PATCHBAY_OK;
    const patchbay_status status =
        chat->instance->timer->start(chat->instance->host, chat->stream, 1000, &tell, chat, &timer);
    chat->waiting = status == PATCHBAY_OK;
    return status;
}

static void tell(void* user, patchbay_status status) {
    struct chat* chat = user;
    chat->waiting = 0;
    if (status != PATCHBAY_OK || chat->finished) return;
    if (faults.word) faults.word(chat);
    status = emit(chat, PATCHBAY_EVENT_DELTA, "word ");
    if (++chat->words >= 3) {
        if (faults.never_finishes) return;
        finish(chat, PATCHBAY_FINISH_STOP);
        if (faults.after_finish) faults.after_finish(chat);
        return;
    }
    if (status == PATCHBAY_PAUSE && !faults.ignores_pause) return;
    if (wait_a_little(chat) != PATCHBAY_OK) finish(chat, PATCHBAY_FINISH_ERROR);
}

static patchbay_status open_chat(void* instance, const patchbay_chat_request* request,
                                 patchbay_stream stream, void** state) {
    struct chat* chat = calloc(1, sizeof(struct chat));
    chat->instance = instance;
    chat->stream = stream;
    chat->relentless = is(request->model, "relentless");
    patchbay_status status = faults.open ? faults.open(chat, request) : PATCHBAY_OK;
    if (status == PATCHBAY_OK) {
        status = wait_a_little(chat);
        if (status != PATCHBAY_OK) {
            refuse(chat->instance->host, status, "no timer");
            if (faults.close) faults.close(chat);
        }
    }
    if (status == PATCHBAY_OK)
        *state = chat;
    else
        free(chat);
    return status;
}

static void resume(void* state) {
    struct chat* chat = state;
    if (!chat->finished && wait_a_little(chat) != PATCHBAY_OK) finish(chat, PATCHBAY_FINISH_ERROR);
}

static void cancel(void* state, patchbay_reason reason) {
    struct chat* chat = state;
    (void)reason;
    if (!chat->finished && !faults.ignores_cancel) finish(chat, PATCHBAY_FINISH_CANCELLED);
}

static void close_chat(void* state) {
    if (faults.close) faults.close(state);
    free(state);
}

static patchbay_str models(void* instance) {
    (void)instance;
    return text(faults.models ? faults.models : "[]");
}

static const patchbay_provider_1 provider = {open_chat, resume, cancel, close_chat, models};

static patchbay_status create(const patchbay_host* host, patchbay_str config_json,
                              void** instance) {
    struct instance* made = NULL;
    const patchbay_status status = faults.create ? faults.create(host, config_json) : PATCHBAY_OK;
    if (status != PATCHBAY_OK) return status;
    made = calloc(1, sizeof(struct instance));
    made->host = host;
    made->stream = host->get_interface(host, text(PATCHBAY_STREAM_1));
    made->timer = host->get_interface(host, text(PATCHBAY_TIMER_1));
    if (!made->stream || !made->timer) {
        free(made);
        return refuse(host, PATCHBAY_E_UNSUPPORTED, "this host has no streams or no timers");
    }
    *instance = made;
    return PATCHBAY_OK;
}

static void destroy(void* instance) {
    if (faults.destroy) faults.destroy();
    free(instance);
}

static const void* get_interface(patchbay_str id) {
    return is(id, PATCHBAY_PROVIDER_1) ? &provider : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "patchbay.tests.faulty",
    .version = "1.0.0",
    .about_json = "{\"config_schema\": {\"type\": \"object\", \"properties\": {\"mode\": {}}}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
