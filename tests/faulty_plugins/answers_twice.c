/* An auth plugin that denies, and denies again. */
#include <patchbay/abi/auth.h>
#include <patchbay/abi/plugin.h>

#include <string.h>

static patchbay_str text(const char* characters) {
    const patchbay_str view = {characters, strlen(characters)};
    return view;
}

static patchbay_status check(void* instance, const patchbay_http_request* http,
                             patchbay_request request, void** state) {
    const patchbay_host* host = instance;
    const patchbay_verdict_1* verdicts = host->get_interface(host, text(PATCHBAY_VERDICT_1));
    patchbay_error error = {0};
    patchbay_verdict verdict = {0};
    (void)http;
    (void)state;
    error.code = PATCHBAY_E_FORBIDDEN;
    error.message = text("nobody gets in");
    verdict.deny = &error;
    verdicts->complete(host, request, &verdict);
    verdicts->complete(host, request, &verdict);
    return PATCHBAY_OK;
}

static void cancel(void* state, patchbay_reason reason) {
    (void)state;
    (void)reason;
}

static void close_check(void* state) { (void)state; }

static const patchbay_auth_1 auth = {check, cancel, close_check};

static patchbay_status create(const patchbay_host* host, patchbay_str config_json,
                              void** instance) {
    patchbay_error error = {0};
    (void)config_json;
    *instance = (void*)host;
    if (host->get_interface(host, text(PATCHBAY_VERDICT_1))) return PATCHBAY_OK;
    error.code = PATCHBAY_E_UNSUPPORTED;
    error.message = text("this host takes no verdicts");
    host->set_error(host, &error);
    return PATCHBAY_E_UNSUPPORTED;
}

static void destroy(void* instance) { (void)instance; }

static const void* get_interface(patchbay_str id) {
    const patchbay_str own = text(PATCHBAY_AUTH_1);
    return id.size == own.size && memcmp(id.data, own.data, own.size) == 0 ? &auth : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default")))
const patchbay_plugin patchbay_plugin_entry = {.abi = PATCHBAY_ABI_MAJOR,
                                               .draft = PATCHBAY_ABI_DRAFT,
                                               .id = "patchbay.tests.answers_twice",
                                               .version = "1.0.0",
                                               .about_json = "",
                                               .create = create,
                                               .destroy = destroy,
                                               .get_interface = get_interface};
