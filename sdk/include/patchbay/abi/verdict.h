/* The one answer that a check owes.
 *
 * Threads    [lane].
 * Limits     a check that has not answered after 5 s is cancelled, and nobody gets in. */
#ifndef PATCHBAY_ABI_VERDICT_H
#define PATCHBAY_ABI_VERDICT_H

#include "host.h"

#define PATCHBAY_VERDICT_1 "patchbay.verdict/1" /* host's side */

#define PATCHBAY_ROLE_USER 1u
#define PATCHBAY_ROLE_PREMIUM 2u
#define PATCHBAY_ROLE_ADMIN 3u

/* Who is asking. */
typedef struct patchbay_principal {
    patchbay_str owner;         /* "user:alice": whose conversations these are; 1..256 bytes */
    patchbay_str credential_id; /* which key or token, for logs and limits; never the secret */
    patchbay_str email;         /* "" = unknown */
    patchbay_str claims_json;   /* "" or a JSON object */
    int64_t expires_at_ms;      /* Unix time; 0 = never */
    uint32_t role;              /* PATCHBAY_ROLE_… */
    uint32_t reserved;          /* 0 */
} patchbay_principal;

typedef struct patchbay_verdict {
    const patchbay_principal* allow; /* let in as this principal, or NULL: */
    const patchbay_error* deny;      /* refused: UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, … */
} patchbay_verdict;

typedef struct patchbay_verdict_1 {
    /* Answers, exactly once: inside check(), or later when check() returned PENDING. Both or
     * neither of `allow` and `deny` set is BAD_REQUEST, and denies. [lane] */
    patchbay_status (*complete)(const patchbay_host* host, patchbay_request request,
                                const patchbay_verdict* verdict);
} patchbay_verdict_1;

#endif
