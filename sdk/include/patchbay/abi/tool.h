/* A tool does something for a model or an agent: it looks up, computes, acts.
 *
 * Life       call → (resume | cancel)* → close, once per call; many at a time.
 * Threads    [lane]: functions of one call never overlap. Never block: worker.h does.
 * Result     what the tool says on its stream: any STATUS and PROGRESS events, then either one
 *            TOOL_RESULT, whose text is the output as JSON, and finish(STOP); or finish(ERROR): the
 *            error's message is what the model is told, when it is USER_SAFE.
 * Order      the call is in the log before this is called: whatever happens, it was not forgotten.
 *            One that is not idempotent is never called twice for the same tool.call. */
#ifndef PATCHBAY_ABI_TOOL_H
#define PATCHBAY_ABI_TOOL_H

#include "stream.h"

#define PATCHBAY_TOOL_1 "patchbay.tool/1" /* frozen */

typedef struct patchbay_tool_request {
    patchbay_str name;           /* one of describe() */
    patchbay_str arguments_json; /* a JSON object, already checked against the tool's schema */
    patchbay_str call_id;        /* unique in its run; the same again after a crash */
    patchbay_str interaction_id; /* 36 characters */
    patchbay_str run_id;         /* for logs; 36 characters */
    patchbay_str owner;          /* on whose behalf */
    patchbay_str traceparent;    /* "" or W3C trace context, to be passed on */
    patchbay_str extra_json;     /* "" or a JSON object: room to grow */
    int64_t deadline_ms;         /* Unix time; the host cancels then. 0 = none */
} patchbay_tool_request;

typedef struct patchbay_tool_1 {
    /* A JSON array, borrowed until destroy(): {"name": [a-zA-Z0-9_-]{1,64}, "description",
     * "parameters": JSON Schema of an object, "idempotent"?: bool, "approval"?: "never" | "always"
     * | "by_policy"}. Called once, after create(). [control] */
    patchbay_str (*describe)(void* instance);

    /* Starts the call. Returns at once; emit() and finish() are allowed in here. On success *state
     * is the plugin's own and goes back through close(); left NULL there is none: no resume, cancel
     * or close follows. On failure (with set_error) nothing does. [lane] */
    patchbay_status (*call)(void* instance, const patchbay_tool_request* request,
                            patchbay_stream stream, void** state);

    /* The reader caught up after emit() returned PAUSE. [lane] */
    void (*resume)(void* state);

    /* Stop. At most once. finish(CANCELLED) is still owed, within 5 s. [lane] */
    void (*cancel)(void* state, patchbay_reason reason);

    /* Frees the call's state: its last call. [lane] */
    void (*close)(void* state);
} patchbay_tool_1;

#endif
