/* Takes the end of its upstream's answer for the end of a good one, whatever came. */
#include <patchbay/abi/http.h>
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>

#include <stdlib.h>
#include <string.h>

struct chat {
    const patchbay_host* host;
    patchbay_stream stream;
    int finished;
};

static patchbay_str text(const char* characters) {
    const patchbay_str view = {characters, strlen(characters)};
    return view;
}

static const patchbay_stream_1* stream_of(const patchbay_host* host) {
    return host->get_interface(host, text(PATCHBAY_STREAM_1));
}

static void finish(struct chat* chat, uint32_t reason) {
    if (chat->finished) return;
    chat->finished = 1;
    stream_of(chat->host)->finish(chat->host, chat->stream, reason, NULL);
}

static void tell(void* user, const patchbay_sse_event* sse) {
    struct chat* chat = user;
    patchbay_event event = {0};
    (void)sse;
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = text("word ");
    stream_of(chat->host)->emit(chat->host, chat->stream, &event, 1);
}

static void done(void* user, const patchbay_error* error) {
    (void)error;
    finish(user, PATCHBAY_FINISH_STOP);
}

static const patchbay_http_handler handler = {NULL, NULL, tell, done};

static patchbay_status refuse(const patchbay_host* host, patchbay_status code) {
    patchbay_error error = {0};
    error.code = code;
    error.message = text("the host has no HTTP, or takes no calls");
    host->set_error(host, &error);
    return code;
}

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
        return refuse(host, status);
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

static patchbay_status create(const patchbay_host* host, patchbay_str config_json,
                              void** instance) {
    (void)config_json;
    *instance = (void*)host;
    if (stream_of(host) && host->get_interface(host, text(PATCHBAY_HTTP_1))) return PATCHBAY_OK;
    return refuse(host, PATCHBAY_E_UNSUPPORTED);
}

static void destroy(void* instance) { (void)instance; }

static const void* get_interface(patchbay_str id) {
    const patchbay_str own = text(PATCHBAY_PROVIDER_1);
    return id.size == own.size && memcmp(id.data, own.data, own.size) == 0 ? &provider : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default")))
const patchbay_plugin patchbay_plugin_entry = {.abi = PATCHBAY_ABI_MAJOR,
                                               .draft = PATCHBAY_ABI_DRAFT,
                                               .id = "patchbay.tests.hides_failure",
                                               .version = "1.0.0",
                                               .about_json = "",
                                               .create = create,
                                               .destroy = destroy,
                                               .get_interface = get_interface};
