/* Children of a run: a model, or another agent, asked from inside an agent or a tool.
 *
 * A child inherits its parent's deadline, cancellation, trace and budget. Its usage counts for the
 * run; its cost is the run's.
 *
 * Owners     streams of agents and of tools.
 * Threads    all [lane].
 * Ending     a child that started gets exactly one done(), also when it is cancelled.
 * Crashes    a model that goes on from a text that it is given does, where a later attempt forwards
 *            the conversation so far to it; else what was shown is taken back, and answered anew.
 * Limits     8 levels deep; 16 children of one parent at a time, 256 in all. */
#ifndef PATCHBAY_ABI_CHAT_H
#define PATCHBAY_ABI_CHAT_H

#include "stream.h"

#define PATCHBAY_CHAT_1 "patchbay.chat/1" /* host's side */

/* flags */
#define PATCHBAY_CHAT_FORWARD 1u /* its events go to the parent's stream, not to events() */
#define PATCHBAY_CHAT_COLLECT 2u /* done() gets the whole text, up to 1 MiB */

typedef struct patchbay_chat_start {
    /* Whom to ask: an agent's instance and its method, or, with `agent` empty, a model. */
    patchbay_str agent;
    patchbay_str method;     /* of the agent; "" = "chat" */
    patchbay_str input_json; /* of the method */

    patchbay_str model; /* "instance/model" or an alias; "" = the parent's own */

    /* Of a model, as provider.h has them. "" = the conversation so far, cut to the model's window:
     * the history, the message that the asker answers, and what it has done since: answers that it
     * forwarded, tool calls and their results. A tool has none: BAD_REQUEST. */
    patchbay_str messages_json;
    patchbay_str system;       /* of a model: text that goes before all messages; "" = none */
    patchbay_str options_json; /* a JSON object; "" = the parent's own */
    patchbay_str tools_json;   /* "" or a JSON array: what the model may call; see tools.h */
    patchbay_str extra_json;   /* "" or a JSON object: room to grow */
    uint32_t max_tokens;       /* 0 = the parent's own */
    uint32_t flags;            /* PATCHBAY_CHAT_… */
} patchbay_chat_start;

/* How a child ended. */
typedef struct patchbay_chat_end {
    uint32_t reason;              /* PATCHBAY_FINISH_… */
    uint32_t truncated;           /* 1: `text` is its beginning only */
    const patchbay_error* error;  /* when `reason` is ERROR, else NULL */
    patchbay_str text;            /* with COLLECT: its answer, without the reasoning */
    patchbay_str tool_calls_json; /* "" or a JSON array: {"id", "name", "arguments": object} */
    patchbay_usage usage;         /* of this child, and of its own children */
    patchbay_str extra_json;      /* "" or a JSON object: room to grow */
} patchbay_chat_end;

typedef struct patchbay_chat_handler {
    /* What the child emits, unless it is forwarded. OK, or PAUSE: accepted, no more until
     * resume(). May be NULL. [lane] */
    patchbay_status (*events)(void* user, const patchbay_event* events, uint32_t count);

    /* The end. Exactly once, the last call. Its error is the child's own, or QUOTA_EXCEEDED: the
     * run's budget of tokens is used up. [lane] */
    void (*done)(void* user, const patchbay_chat_end* end);
} patchbay_chat_handler;

typedef struct patchbay_chat_1 {
    /* Starts a child of `owner`, an agent's or a tool's stream. `handler` must live until done().
     * On OK *child names it. On failure no callback follows: STALE, CANCELLED (the owner is
     * ending), MODEL_NOT_FOUND, NOT_FOUND (no such agent), UNAVAILABLE (its plugin is off),
     * FORBIDDEN (it stands behind middleware that this turn has not passed), BAD_REQUEST (JSON, no
     * such method, an input that its schema does not take, or no conversation to go on with),
     * LIMIT, UNSUPPORTED (another's stream, or a request), WRONG_THREAD. [lane] */
    patchbay_status (*start)(const patchbay_host* host, patchbay_handle owner,
                             const patchbay_chat_start* request,
                             const patchbay_chat_handler* handler, void* user,
                             patchbay_handle* child);

    /* Go on, after events() returned PAUSE. STALE when the child is over. [lane] */
    patchbay_status (*resume)(const patchbay_host* host, patchbay_handle child);

    /* Stop; done(CANCELLED) follows after the current call into the plugin has returned.
     * Idempotent; STALE when the child is over. [lane] */
    patchbay_status (*cancel)(const patchbay_host* host, patchbay_handle child);
} patchbay_chat_1;

#endif
