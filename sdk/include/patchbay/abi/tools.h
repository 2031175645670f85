/* Tools that a run may use, and how an agent has one called.
 *
 * Log        a call is a tool.call and its result a tool.result of the run, written by the host.
 *            The tool acts only once its tool.call is committed. A call that a model made in an
 *            answer which was forwarded is in the log already: name it by its id.
 * Crashes    a call of a later attempt that has the name and the arguments of one that was
 *            answered before gets that answer, each answer once, in their order: the tool does
 *            not act again. A model that was asked with the conversation so far (chat.h) has seen
 *            those that models wanted: an equal one is new then. While an answer of a tool that is
 *            not idempotent waits to be fetched, another call of that tool ends the run.
 * Owners     streams of agents and of tools.
 * Threads    all [lane].
 * Ending     a call that started gets exactly one done(), also when it is cancelled.
 * Limits     16 calls of one owner at a time; 256 of one run. */
#ifndef PATCHBAY_ABI_TOOLS_H
#define PATCHBAY_ABI_TOOLS_H

#include "stream.h"

#define PATCHBAY_TOOLS_1 "patchbay.tools/1" /* host's side */

typedef struct patchbay_tool_start {
    patchbay_str name;           /* one of list() */
    patchbay_str arguments_json; /* a JSON object */
    patchbay_str call_id;        /* the model's id of this call. "", or one that this run has used:
                                  * the host chooses one, and done() is told */
    patchbay_str extra_json; /* "" or a JSON object: of the model's tool call, kept in the log */
} patchbay_tool_start;

/* What came of a call: an output, or an error to be told to the model. */
typedef struct patchbay_tool_end {
    patchbay_str call_id;
    patchbay_str output_json;    /* when `error` is NULL */
    const patchbay_error* error; /* FORBIDDEN: somebody who was asked said no */
    patchbay_str extra_json;     /* "" or a JSON object: room to grow */
} patchbay_tool_end;

/* Exactly once. [lane] */
typedef void (*patchbay_tool_done)(void* user, const patchbay_tool_end* end);

typedef struct patchbay_tools_1 {
    /* The tools of this run, as provider.h takes them: a JSON array of {"name", "description",
     * "parameters"}. Borrowed until the plugin returns from the call in which it asked. Else:
     * STALE, CANCELLED (the owner is ending), UNSUPPORTED (it has no run), WRONG_THREAD. [lane] */
    patchbay_status (*list)(const patchbay_host* host, patchbay_handle owner, patchbay_str* tools);

    /* Has a tool called for `owner`, an agent's stream. Where the tool asks for approval the run
     * waits first, perhaps for days and over restarts. A tool that does not exist (NOT_FOUND),
     * arguments that its schema does not take (BAD_REQUEST) and a refusal (FORBIDDEN) are ends with
     * an error, for the model to read. On failure no callback follows: STALE, CANCELLED (the owner
     * is ending), BAD_REQUEST (malformed JSON), LIMIT, UNSUPPORTED (not such an owner),
     * WRONG_THREAD. [lane] */
    patchbay_status (*call)(const patchbay_host* host, patchbay_handle owner,
                            const patchbay_tool_start* request, patchbay_tool_done done, void* user,
                            patchbay_handle* call);

    /* Stop; done() with CANCELLED follows after the current call into the plugin has returned.
     * Idempotent; STALE when the call is over. [lane] */
    patchbay_status (*cancel)(const patchbay_host* host, patchbay_handle call);
} patchbay_tools_1;

#endif
