/* An agent answers by whatever it takes: models, tools, other agents, code of its own.
 *
 * Life       open → (resume | cancel)* → close, once per call; many at a time. As a provider's.
 * Threads    [lane]: calls of one answer never overlap. Never block.
 * Ending     the agent owes exactly one finish() on its stream; its children end with it.
 * Crashes    after one the host calls open() again with `attempt` one higher. The history then ends
 *            with what this run has done; a tool that had its result is not run again (tools.h), a
 *            question that was answered is not asked again (approval.h). */
#ifndef PATCHBAY_ABI_AGENT_H
#define PATCHBAY_ABI_AGENT_H

#include "stream.h"

#define PATCHBAY_AGENT_1 "patchbay.agent/1" /* frozen: a change is "patchbay.agent/2" */

typedef struct patchbay_agent_request {
    patchbay_str method; /* "chat": a turn of a conversation; or another one of methods() */

    /* A JSON object that fits the method's schema. For "chat": {"content": [part]}, the user's
     * message, with parts as in provider.h; it is the last message of the history, too. */
    patchbay_str input_json;

    patchbay_str model;          /* for models it asks, unless it knows better: "instance/model" */
    patchbay_str options_json;   /* a JSON object of what the caller set, for that model */
    patchbay_str interaction_id; /* 36 characters */
    patchbay_str run_id;         /* for logs; 36 characters */
    patchbay_str owner;          /* whose conversation it is */
    patchbay_str traceparent;    /* "" or W3C trace context */
    patchbay_str extra_json;     /* "" or a JSON object: room to grow */
    int64_t deadline_ms;         /* Unix time; the host cancels then. 0 = none */
    uint32_t max_tokens;         /* of each answer of that model; 0 = the model's own */
    uint32_t attempt;            /* 1, 2, … of the same run */
    uint32_t depth;              /* 0: a client asked; n: an agent at depth n - 1 did */
    uint32_t reserved;           /* 0 */
} patchbay_agent_request;

typedef struct patchbay_agent_1 {
    /* Starts answering `request`, writing to `stream`. Returns at once. On success *answer is the
     * plugin's own state and goes back through close(); left NULL there is none: no resume, cancel
     * or close follows. On failure (with set_error) nothing does. emit(), finish() and child calls
     * are allowed in here. [lane] */
    patchbay_status (*open)(void* instance, const patchbay_agent_request* request,
                            patchbay_stream stream, void** answer);

    /* The reader caught up after emit() returned PAUSE: go on. Children that forward their text are
     * held and let go by the host. [lane] */
    void (*resume)(void* answer);

    /* Stop. At most once. finish(CANCELLED) is still owed, within 5 s. The host has cancelled the
     * children, calls and timers already; each still gets its completion. [lane] */
    void (*cancel)(void* answer, patchbay_reason reason);

    /* Frees the answer. Its last call; nothing of it is running or will follow. [lane] */
    void (*close)(void* answer);

    /* May be NULL: "chat" alone. A JSON array, borrowed until destroy(): {"name", "description"?,
     * "input": JSON Schema}. The host checks an input against it before open(). Called once, after
     * create(). [control] */
    patchbay_str (*methods)(void* instance);
} patchbay_agent_1;

#endif
