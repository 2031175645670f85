/* An auth plugin that lets everybody in. */
#include "plugin_words.h"

#include <patchbay/abi/auth.h>

static patchbay_status check(void* instance, const patchbay_http_request* http,
                             patchbay_request request, void** state) {
    const patchbay_host* host = instance;
    const patchbay_verdict_1* verdicts = host->get_interface(host, text(PATCHBAY_VERDICT_1));
    patchbay_principal principal = {0};
    patchbay_verdict verdict = {0};
    (void)http;
    (void)state;
    principal.owner = text("user:anyone");
    principal.credential_id = text("none");
    principal.role = PATCHBAY_ROLE_USER;
    verdict.allow = &principal;
    verdicts->complete(host, request, &verdict);
    return PATCHBAY_OK;
}

static void cancel(void* state, patchbay_reason reason) {
    (void)state;
    (void)reason;
}

static void close_check(void* state) { (void)state; }

static const patchbay_auth_1 auth = {check, cancel, close_check};

PLUGIN_OF(PATCHBAY_AUTH_1, &auth, PATCHBAY_VERDICT_1, PATCHBAY_VERDICT_1);
