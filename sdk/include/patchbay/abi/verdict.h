/* The one answer that a check of auth.h or an on_request of middleware.h owes.
 *
 * Threads    [lane].
 * Limits     one that has not answered after 5 s is cancelled, and nobody gets in. Those of the
 *            members below: a verdict that breaks one is invalid. */
#ifndef PATCHBAY_ABI_VERDICT_H
#define PATCHBAY_ABI_VERDICT_H

#include "host.h"

#define PATCHBAY_VERDICT_1 "patchbay.verdict/1" /* host's side */

#define PATCHBAY_ROLE_USER 1u
#define PATCHBAY_ROLE_PREMIUM 2u
#define PATCHBAY_ROLE_ADMIN 3u

/* Who is asking. */
typedef struct patchbay_principal {
    /* These three are without control characters; the last two have at most 1,024 bytes. */
    patchbay_str owner;         /* "user:alice": whose conversations these are; 1..256 bytes */
    patchbay_str credential_id; /* which key or token, for logs and limits; never the secret */
    patchbay_str email;         /* "" = unknown */
    patchbay_str extra_json;    /* "" or a JSON object: room to grow */
    int64_t expires_at_ms;      /* Unix time; 0 = never; in the past: denied */
    uint32_t role;              /* PATCHBAY_ROLE_… */
    uint32_t reserved;          /* 0 */
} patchbay_principal;

/* What middleware makes of a turn. "" leaves a field as it is. An input that does not fit the
 * schema of the agent's method refuses the turn. */
typedef struct patchbay_change {
    patchbay_str content_json; /* an array: the message's parts, in place of those that came */
    patchbay_str input_json;   /* a JSON object, only of a turn that has an input. A message that is
                                * the input's JSON becomes this, where content_json is "" */
    patchbay_str options_json; /* a JSON object */
    patchbay_str model;
    patchbay_str system;     /* goes before the conversation, behind that of others; 256 KiB */
    patchbay_str answer;     /* the whole answer: neither agent nor model is asked; 1 MiB */
    patchbay_str extra_json; /* "" or a JSON object: room to grow */
} patchbay_change;

typedef struct patchbay_verdict {
    const patchbay_principal* allow; /* auth: let in as this principal */
    const patchbay_change* change;   /* middleware: goes on, changed */
    const patchbay_error* deny;      /* refused: UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, … */
} patchbay_verdict;

typedef struct patchbay_verdict_1 {
    /* Answers, exactly once: inside check() or on_request(), or later when that returned PENDING.
     * Exactly one field is set, of those that the asker may use. BAD_REQUEST: it is not, or what it
     * names is invalid; denies, and counts as a fault. BAD_STATE: a second answer, a fault too.
     * STALE, WRONG_THREAD. [lane] */
    patchbay_status (*complete)(const patchbay_host* host, patchbay_request request,
                                const patchbay_verdict* verdict);
} patchbay_verdict_1;

#endif
