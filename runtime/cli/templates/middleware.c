/* my_plugin: a middleware. It lays an instruction before every conversation. */
#include <patchbay/abi/middleware.h>
#include <patchbay/abi/plugin.h>

#include <stdlib.h>
#include <string.h>

typedef struct instance {
    const patchbay_host* host;
    const patchbay_verdict_1* verdicts;
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

/* Lets each turn in, changed. To refuse one, return fail(); to see the answer too, set *state. */
static patchbay_status on_request(void* made, const patchbay_turn* turn, patchbay_request request,
                                  patchbay_stream out, void** state) {
    const instance* self = made;
    patchbay_change change = {0};
    patchbay_verdict verdict = {0};
    (void)turn;
    (void)out;
    (void)state;
    change.system = view("Be polite.");
    verdict.change = &change;
    return self->verdicts->complete(self->host, request, &verdict);
}

static void close_turn(void* state) { (void)state; }

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** made) {
    instance* self = calloc(1, sizeof *self);
    (void)config;
    if (!self) return fail(host, PATCHBAY_E_INTERNAL, "out of memory");
    self->host = host;
    self->verdicts = host->get_interface(host, view(PATCHBAY_VERDICT_1));
    if (!self->verdicts) {
        free(self);
        return fail(host, PATCHBAY_E_UNSUPPORTED, "the host takes no verdicts");
    }
    *made = self;
    return PATCHBAY_OK;
}

static void destroy(void* self) { free(self); }

static const void* get_interface(patchbay_str id) {
    static const patchbay_middleware_1 middleware = {
        .on_request = on_request, .close = close_turn}; /* a NULL slot costs nothing */
    const patchbay_str mine = view(PATCHBAY_MIDDLEWARE_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &middleware : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.my_plugin",
    .version = "0.1.0",
    .about_json = "{\"title\": \"my_plugin\", \"interfaces\": [\"" PATCHBAY_MIDDLEWARE_1
                  "\"], "
                  "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
