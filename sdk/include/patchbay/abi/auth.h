/* An auth plugin says who is asking.
 *
 * The host asks the instances of the config's "auth", in order, until one allows or denies. It
 * fails closed: a check that fails, answers nonsense or is late lets nobody in.
 *
 * Life       check → (cancel)? → close, when check() left a state; many checks at a time.
 * Threads    [lane]: calls of one check never overlap. Never block. */
#ifndef PATCHBAY_ABI_AUTH_H
#define PATCHBAY_ABI_AUTH_H

#include "verdict.h"

#define PATCHBAY_AUTH_1 "patchbay.auth/1" /* frozen */

typedef struct patchbay_header {
    patchbay_str name; /* as it was sent; compare without regard to case */
    patchbay_str value;
} patchbay_header;

/* What the client sent, without its body. */
typedef struct patchbay_http_request {
    patchbay_str method;            /* "POST" */
    patchbay_str path;              /* "/api/interactions", decoded, without the query */
    patchbay_str query;             /* raw, without "?" */
    patchbay_str remote;            /* the peer's address, "127.0.0.1" */
    const patchbay_header* headers; /* header_count of them */
    uint32_t header_count;
    uint32_t flags; /* 0 */

    /* The credential as the host found it: X-API-Key, or what follows "Authorization: Bearer ".
     * "" = none was sent. `scheme`: "api_key" | "bearer" | "". */
    patchbay_str credential;
    patchbay_str scheme;
    patchbay_str extra_json; /* "" or a JSON object: room to grow */
} patchbay_http_request;

typedef struct patchbay_auth_1 {
    /* Decides about `request`.
     * OK        complete() of verdict.h was called in here.
     * PENDING   complete() comes later; *check is the plugin's state.
     * NOT_MINE  ask the next instance. An instance that sees no credential at all says this.
     * below 0   (with set_error) denied.
     * *check may be set in the first two cases; it goes back through close(). [lane] */
    patchbay_status (*check)(void* instance, const patchbay_http_request* http,
                             patchbay_request request, void** check);

    /* No answer is wanted any more. complete() is still allowed, and ignored. [lane] */
    void (*cancel)(void* check, patchbay_reason reason);

    /* Frees the check's state: the last call. Only when *check was set. [lane] */
    void (*close)(void* check);
} patchbay_auth_1;

#endif
