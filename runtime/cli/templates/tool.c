/* my_plugin: a tool. It answers every call with the same greeting. */
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/tool.h>

#include <stdlib.h>
#include <string.h>

/* What models are told of it. "idempotent": a call may be made again after a crash. */
static const char description[] =
    "[{\"name\": \"my_plugin\", \"description\": \"Greets.\", \"idempotent\": true, "
    "\"parameters\": {\"type\": \"object\", \"properties\": {}}}]";

typedef struct instance {
    const patchbay_host* host;
    const patchbay_stream_1* streams;
} instance;

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

static patchbay_str describe(void* self) {
    (void)self;
    return view(description);
}

/* It is done before it returns, and keeps nothing. The arguments are in `request`, checked already.
 */
static patchbay_status call(void* made, const patchbay_tool_request* request,
                            patchbay_stream stream, void** state) {
    const instance* self = made;
    patchbay_event result = {0};
    (void)state;
    result.kind = PATCHBAY_EVENT_TOOL_RESULT;
    result.id = request->call_id;
    result.text = view("{\"greeting\": \"Hello from my_plugin.\"}");
    self->streams->emit(self->host, stream, &result, 1);
    self->streams->finish(self->host, stream, PATCHBAY_FINISH_STOP, NULL);
    return PATCHBAY_OK;
}

/* Without a state none of these three is called. */
static void resume(void* state) { (void)state; }

static void cancel(void* state, patchbay_reason reason) {
    (void)state;
    (void)reason;
}

static void close_call(void* state) { (void)state; }

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
    static const patchbay_tool_1 tool = {describe, call, resume, cancel, close_call};
    const patchbay_str mine = view(PATCHBAY_TOOL_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &tool : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.my_plugin",
    .version = "0.1.0",
    .about_json = "{\"title\": \"my_plugin\", \"interfaces\": [\"" PATCHBAY_TOOL_1
                  "\"], "
                  "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
