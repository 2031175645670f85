/* my_plugin: an exporter. It writes each batch of spans into the server's log. */
#include <patchbay/abi/exporter.h>
#include <patchbay/abi/log.h>
#include <patchbay/abi/plugin.h>

#include <stdlib.h>
#include <string.h>

typedef struct instance {
    const patchbay_host* host;
    const patchbay_log_1* log;
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

/* On a thread that may block, for 10 s at most. A batch that failed is tried again. */
static patchbay_status export_spans(void* made, patchbay_str spans_json) {
    static const char before[] = "{\"spans\": ";
    const instance* self = made;
    const patchbay_handle no_scope = {0};
    const size_t size = sizeof before + spans_json.size; /* the brace stands where the NUL was */
    char* fields = malloc(size);
    patchbay_str written = {fields, size};
    if (!fields) return fail(self->host, PATCHBAY_E_INTERNAL, "out of memory");
    memcpy(fields, before, sizeof before - 1);
    memcpy(fields + sizeof before - 1, spans_json.data, spans_json.size);
    fields[size - 1] = '}';
    self->log->write(self->host, PATCHBAY_LOG_INFO, no_scope, view("spans"), written);
    free(fields);
    return PATCHBAY_OK;
}

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** made) {
    instance* self = calloc(1, sizeof *self);
    (void)config;
    if (!self) return fail(host, PATCHBAY_E_INTERNAL, "out of memory");
    self->host = host;
    self->log = host->get_interface(host, view(PATCHBAY_LOG_1));
    if (!self->log) {
        free(self);
        return fail(host, PATCHBAY_E_UNSUPPORTED, "the host has no log");
    }
    *made = self;
    return PATCHBAY_OK;
}

static void destroy(void* self) { free(self); }

static const void* get_interface(patchbay_str id) {
    static const patchbay_exporter_1 exporter = {export_spans};
    const patchbay_str mine = view(PATCHBAY_EXPORTER_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &exporter : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.my_plugin",
    .version = "0.1.0",
    .about_json = "{\"title\": \"my_plugin\", \"interfaces\": [\"" PATCHBAY_EXPORTER_1
                  "\"], "
                  "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
