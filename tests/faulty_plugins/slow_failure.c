/* Blocks its lane for 20 ms where its upstream refuses. */
#include "plugin_words.h"

#include <patchbay/abi/http.h>
#include <patchbay/abi/provider.h>

#include <stdlib.h>
#include <time.h>

struct chat {
    const patchbay_host* host;
    patchbay_stream stream;
    int failed;
    int finished;
};

static void finish(struct chat* chat, uint32_t reason) {
    if (chat->finished) return;
    chat->finished = 1;
    finish_with(chat->host, chat->stream, reason);
}

static void head(void* user, uint32_t status, const patchbay_header* headers, uint32_t count) {
    struct chat* chat = user;
    const struct timespec time = {.tv_sec = 0, .tv_nsec = 20000000};
    (void)headers;
    (void)count;
    chat->failed = status >= 400;
    if (chat->failed) nanosleep(&time, NULL);
}

static void tell(void* user, const patchbay_sse_event* event) {
    struct chat* chat = user;
    (void)event;
    emit_text(chat->host, chat->stream, PATCHBAY_EVENT_DELTA, text("word "));
}

static void done(void* user, const patchbay_error* error) {
    struct chat* chat = user;
    finish(chat, error || chat->failed ? PATCHBAY_FINISH_ERROR : PATCHBAY_FINISH_STOP);
}

static const patchbay_http_handler handler = {head, NULL, tell, done};

static patchbay_status open_chat(void* instance, const patchbay_chat_request* request,
                                 patchbay_stream stream, void** state) {
    const patchbay_host* host = instance;
    const patchbay_http_1* http = host->get_interface(host, text(PATCHBAY_HTTP_1));
    patchbay_http_start start = {0};
    patchbay_handle call;
    struct chat* chat = calloc(1, sizeof(struct chat));
    (void)request;
    chat->host = host;
    chat->stream = stream;
    start.method = text("POST");
    start.url = text("https://upstream.test/");
    start.flags = PATCHBAY_HTTP_SPLIT_SSE;
    const patchbay_status status = http->start(host, stream, &start, &handler, chat, &call);
    if (status != PATCHBAY_OK) {
        free(chat);
        return refuse(host, status, "the host takes no calls");
    }
    *state = chat;
    return PATCHBAY_OK;
}

static void resume(void* state) { (void)state; }

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    finish(state, PATCHBAY_FINISH_CANCELLED);
}

static const patchbay_provider_1 provider = {open_chat, resume, cancel, free, NULL};

PLUGIN_OF(PATCHBAY_PROVIDER_1, &provider, PATCHBAY_STREAM_1, PATCHBAY_HTTP_1);
