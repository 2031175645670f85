/* Middleware stands between clients and agents: it sees each turn before it is stored, and each
 * event before it is.
 *
 * Order      as the config's "middleware" names them: requests pass from the first to the last,
 *            events from the last to the first.
 * Life       on_request → on_events* → on_end → close, once per turn. A slot that is NULL costs
 *            nothing.
 * Threads    [lane]: calls of one turn never overlap. Never block.
 * Events     seen are those of the run's own answer: its text, also what children forward to it,
 *            and the tool calls that its model wants. Results of tools and calls that children make
 *            go to the log as they are.
 * Failure    one that fails in on_request, or is late (5 s), refuses the turn. One that fails in
 *            on_events fails the run: what it was to take out is not shown. */
#ifndef PATCHBAY_ABI_MIDDLEWARE_H
#define PATCHBAY_ABI_MIDDLEWARE_H

#include "stream.h"
#include "verdict.h"

#define PATCHBAY_MIDDLEWARE_1 "patchbay.middleware/1" /* frozen */

typedef struct patchbay_turn {
    patchbay_str surface;        /* the HTTP surface's name: "native", "stream-conversation", … */
    patchbay_str owner;          /* "user:alice" */
    patchbay_str credential_id;  /* which key or token */
    patchbay_str interaction_id; /* 36 characters; chosen already when it is new */
    patchbay_str agent;          /* the agent's instance */
    patchbay_str model;          /* as it was asked for; "" = the default */
    patchbay_str method;         /* of the agent, as it was asked for; "" = chat */
    patchbay_str content_json;   /* a JSON array of the message's parts: see provider.h. Of a turn
                                  * with an input and no message: one text part, the input's JSON */
    patchbay_str input_json;     /* a JSON object: what the agent gets in place of the message; "" =
                                  * a conversation's turn */
    patchbay_str options_json;   /* a JSON object of what the caller set */
    patchbay_str traceparent;    /* "" or W3C trace context */
    patchbay_str extra_json;     /* "" or a JSON object: room to grow */
    uint32_t role;               /* PATCHBAY_ROLE_… */
    uint32_t attempt; /* 1; more: after a crash, of one that was let in: only a refusal is read */
} patchbay_turn;

/* What on_events() did with its batch. */
#define PATCHBAY_EVENTS_PASS 0  /* all go on as they are */
#define PATCHBAY_EVENTS_TAKEN 1 /* none does, but what was emitted on `out` meanwhile */

typedef struct patchbay_middleware_1 {
    /* May be NULL: every turn passes. `request` owns HTTP calls, timers and jobs until the verdict;
     * `out` is where this middleware's own events go, from on_events() and on_end() alone.
     * OK        complete() of verdict.h was called in here, or nothing is to be changed.
     * PENDING   complete() comes later.
     * below 0   (with set_error) the turn is refused, nothing follows, and *state is not read.
     * *state is the plugin's own, NULL when it wants to see no event; it goes back through close().
     * [lane] */
    patchbay_status (*on_request)(void* instance, const patchbay_turn* turn,
                                  patchbay_request request, patchbay_stream out, void** state);

    /* No verdict is wanted any more. complete() is still allowed, and ignored. May be NULL.
     * [lane] */
    void (*cancel)(void* state, patchbay_reason reason);

    /* May be NULL. PASS, or TAKEN: to replace an event emit another, to drop it emit none, to hold
     * it keep a copy and emit it from a later call; at most 1 MiB of text a call: beyond that
     * emit() says LIMIT, and elsewhere than in here and in on_end() BAD_STATE. Below 0, and any
     * other value, fails the run. Synchronous: what is held is not shown, so hold little. [lane] */
    patchbay_status (*on_events)(void* state, const patchbay_event* events, uint32_t count);

    /* May be NULL. The answer ends as PATCHBAY_FINISH_…; what is held is emitted in here, or lost.
     * Not after a crash. Room to grow: none; why it failed is for a next revision. [lane] */
    void (*on_end)(void* state, uint32_t reason);

    /* Frees the state: the last call. Only when *state was set. [lane] */
    void (*close)(void* state);
} patchbay_middleware_1;

#endif
