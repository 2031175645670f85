/* What the plugins of one kind each beside this file have in common. */
#ifndef PATCHBAY_TESTS_PLUGIN_WORDS_H
#define PATCHBAY_TESTS_PLUGIN_WORDS_H

#include <patchbay/abi/plugin.h>
#include <patchbay/abi/stream.h>

#include <string.h>

static inline patchbay_str text(const char* characters) {
    const patchbay_str view = {characters, strlen(characters)};
    return view;
}

static inline int is(patchbay_str id, const char* known) {
    return id.size == strlen(known) && memcmp(id.data, known, id.size) == 0;
}

static inline patchbay_status refuse(const patchbay_host* host, patchbay_status code,
                                     const char* reason) {
    patchbay_error error = {0};
    error.code = code;
    error.message = text(reason);
    host->set_error(host, &error);
    return code;
}

/* These hold the host's tables for each call: an instance is its host. */
static inline const patchbay_stream_1* stream_of(const patchbay_host* host) {
    return (const patchbay_stream_1*)host->get_interface(host, text(PATCHBAY_STREAM_1));
}

static inline patchbay_status emit_text(const patchbay_host* host, patchbay_stream stream,
                                        uint32_t kind, patchbay_str content) {
    patchbay_event event = {0};
    event.kind = kind;
    event.text = content;
    return stream_of(host)->emit(host, stream, &event, 1);
}

static inline patchbay_status finish_with(const patchbay_host* host, patchbay_stream stream,
                                          uint32_t reason) {
    patchbay_error error = {0};
    error.code = PATCHBAY_E_UNAVAILABLE;
    error.message = text("what it needs is not there");
    return stream_of(host)->finish(host, stream, reason,
                                   reason == PATCHBAY_FINISH_ERROR ? &error : NULL);
}

/* The plugin's table, of an instance that is its host and needs these two interfaces. */
#define PLUGIN_OF(INTERFACE, TABLE, FIRST, SECOND)                                             \
    static patchbay_status create(const patchbay_host* host, patchbay_str config_json,         \
                                  void** instance) {                                           \
        (void)config_json;                                                                     \
        *instance = (void*)host;                                                               \
        if (host->get_interface(host, text(FIRST)) && host->get_interface(host, text(SECOND))) \
            return PATCHBAY_OK;                                                                \
        return refuse(host, PATCHBAY_E_UNSUPPORTED, "this host lacks an interface");           \
    }                                                                                          \
    static void destroy(void* instance) { (void)instance; }                                    \
    static const void* get_interface(patchbay_str id) {                                        \
        return is(id, INTERFACE) ? (const void*)(TABLE) : NULL;                                \
    }                                                                                          \
    extern const patchbay_plugin patchbay_plugin_entry;                                        \
    __attribute__((visibility("default")))                                                     \
    const patchbay_plugin patchbay_plugin_entry = {.abi = PATCHBAY_ABI_MAJOR,                  \
                                                   .draft = PATCHBAY_ABI_DRAFT,                \
                                                   .id = "patchbay.tests.faulty",              \
                                                   .version = "1.0.0",                         \
                                                   .about_json = "",                           \
                                                   .create = create,                           \
                                                   .destroy = destroy,                         \
                                                   .get_interface = get_interface}

#endif
