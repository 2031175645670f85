/* An auth plugin that lets in whom it cannot ask about. */
#include "plugin_words.h"

#include <patchbay/abi/auth.h>
#include <patchbay/abi/http.h>

#include <stdlib.h>

struct check {
    const patchbay_host* host;
    patchbay_request request;
    int answered;
};

static void answer(struct check* check, int allow) {
    const patchbay_host* host = check->host;
    const patchbay_verdict_1* verdicts = host->get_interface(host, text(PATCHBAY_VERDICT_1));
    patchbay_principal principal = {0};
    patchbay_error error = {0};
    patchbay_verdict verdict = {0};
    if (check->answered) return;
    check->answered = 1;
    principal.owner = text("user:anyone");
    principal.credential_id = text("none");
    principal.role = PATCHBAY_ROLE_USER;
    error.code = PATCHBAY_E_FORBIDDEN;
    error.message = text("nobody knows you");
    if (allow)
        verdict.allow = &principal;
    else
        verdict.deny = &error;
    verdicts->complete(host, check->request, &verdict);
}

static void done(void* user, const patchbay_error* error) { answer(user, error != NULL); }

static const patchbay_http_handler handler = {NULL, NULL, NULL, done};

static patchbay_status begin(void* instance, const patchbay_http_request* http,
                             patchbay_request request, void** state) {
    const patchbay_host* host = instance;
    const patchbay_http_1* calls = host->get_interface(host, text(PATCHBAY_HTTP_1));
    struct check* check = calloc(1, sizeof(struct check));
    patchbay_http_start start = {0};
    patchbay_handle call;
    (void)http;
    check->host = host;
    check->request = request;
    start.method = text("GET");
    start.url = text("https://id.test/who");
    const patchbay_status status = calls->start(host, request, &start, &handler, check, &call);
    if (status != PATCHBAY_OK) {
        free(check);
        return refuse(host, status, "the host takes no calls");
    }
    *state = check;
    return PATCHBAY_PENDING;
}

static void cancel(void* state, patchbay_reason reason) {
    (void)reason;
    answer(state, 0);
}

static const patchbay_auth_1 auth = {begin, cancel, free};

PLUGIN_OF(PATCHBAY_AUTH_1, &auth, PATCHBAY_VERDICT_1, PATCHBAY_HTTP_1);
