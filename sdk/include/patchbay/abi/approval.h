/* Asking a person in the middle of a run.
 *
 * The run waits, on no thread and no lane, also over restarts, until somebody answers by
 * POST /api/runs/{id}/resume or the question expires. Its time limit stands still meanwhile.
 *
 * Owners     streams of agents and of tools.
 * Threads    ask and the callback are [lane].
 * Crashes    after one, a later attempt that asks the same question gets the answer that was given.
 * Ending     a question that was asked is called back exactly once. */
#ifndef PATCHBAY_ABI_APPROVAL_H
#define PATCHBAY_ABI_APPROVAL_H

#include "stream.h"

#define PATCHBAY_APPROVAL_1 "patchbay.approval/1" /* host's side */

#define PATCHBAY_DECISION_APPROVED 1u
#define PATCHBAY_DECISION_DENIED 2u
#define PATCHBAY_DECISION_EDITED 3u /* approved, with another input */
#define PATCHBAY_DECISION_EXPIRED 4u

typedef struct patchbay_question {
    patchbay_str text;        /* what is to be decided, for a person */
    patchbay_str input_json;  /* "" or a JSON object: what is proposed, and may be edited */
    patchbay_str schema_json; /* "" or the JSON Schema of an edited input */
    patchbay_str extra_json;  /* "" or a JSON object: room to grow */
    int64_t expires_in_ms;    /* 0 = 24 hours; at most 30 days */
} patchbay_question;

typedef struct patchbay_decision {
    uint32_t decision;       /* PATCHBAY_DECISION_… */
    uint32_t reserved;       /* 0 */
    patchbay_str input_json; /* EDITED: the new one */
    patchbay_str by;         /* whose credential decided; "" when it expired */
    patchbay_str comment;    /* "" or what they said */
    patchbay_str extra_json; /* "" or a JSON object: room to grow */
} patchbay_decision;

/* `error`: NULL, and then `decision` is set; or CANCELLED. Exactly once. [lane] */
typedef void (*patchbay_decided)(void* user, const patchbay_decision* decision,
                                 const patchbay_error* error);

typedef struct patchbay_approval_1 {
    /* On failure no callback follows: STALE, CANCELLED (the owner is ending), BAD_REQUEST (no text,
     * an expires_in_ms that is not 0 to 30 days, JSON that is no object), LIMIT (16 questions of
     * one run at a time), UNSUPPORTED (not such an owner), WRONG_THREAD. [lane] */
    patchbay_status (*ask)(const patchbay_host* host, patchbay_handle owner,
                           const patchbay_question* question, patchbay_decided done, void* user);
} patchbay_approval_1;

#endif
