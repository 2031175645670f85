/* Where an answer is written: events, then one end.
 *
 *   open → emit* → finish (the plugin's, exactly once) → close (the host's, exactly once)
 *
 * Threads    emit and finish are [lane]; post is [any-thread].
 * Limits     16 KiB of text wait at most before emit() says PAUSE; resume() comes when less than
 *            4 KiB wait. What is emitted after PAUSE is capped: 256 KiB, where an event counts 64
 *            bytes beside its texts; beyond that the stream fails, alone. So it does beyond 256 KiB
 *            of text in one emit(). An event has at most 64 KiB: beyond that its emit() is dropped,
 *            as for any invalid event, and the stream goes on. */
#ifndef PATCHBAY_ABI_STREAM_H
#define PATCHBAY_ABI_STREAM_H

#include "host.h"

#define PATCHBAY_STREAM_1 "patchbay.stream/1" /* host's side */

/* kinds of events, and which fields each one reads */
#define PATCHBAY_EVENT_DELTA 1u       /* text, channel: a piece of the answer */
#define PATCHBAY_EVENT_STATUS 2u      /* text: what is going on, for a person */
#define PATCHBAY_EVENT_PROGRESS 3u    /* percent: 0..100 */
#define PATCHBAY_EVENT_TOOL_CALL 4u   /* id, name, text = arguments as JSON, flags */
#define PATCHBAY_EVENT_TOOL_RESULT 5u /* id, text = output as JSON; flags: FAILED = an error */
#define PATCHBAY_EVENT_USAGE 6u       /* usage: the last one counts, never the sum */
#define PATCHBAY_EVENT_METADATA 7u    /* text = a JSON object */
#define PATCHBAY_EVENT_CUSTOM 8u      /* name = "org.example.x", text = JSON */

#define PATCHBAY_CHANNEL_ANSWER 0u
#define PATCHBAY_CHANNEL_REASONING 1u

#define PATCHBAY_EVENT_IDEMPOTENT 1u /* flags: this tool may run twice without harm */
#define PATCHBAY_EVENT_FAILED 2u     /* flags: this tool result is an error */

/* Tokens of one answer. What the vendor did not say is 0. */
typedef struct patchbay_usage {
    uint64_t prompt_tokens;      /* cached ones included */
    uint64_t completion_tokens;  /* reasoning included */
    uint64_t cached_tokens;      /* of the prompt, read from the vendor's cache */
    uint64_t cache_write_tokens; /* of the prompt, written to it */
    uint64_t reasoning_tokens;   /* of the completion */
    uint32_t estimated;          /* 1: counted by the plugin, not by the vendor */
    uint32_t reserved;           /* 0 */
} patchbay_usage;

typedef struct patchbay_event {
    uint32_t kind;               /* PATCHBAY_EVENT_…; unknown kinds are dropped and counted */
    uint32_t channel;            /* PATCHBAY_CHANNEL_… */
    uint32_t flags;              /* PATCHBAY_EVENT_… flags */
    uint32_t percent;            /* 0..100 */
    patchbay_str text;           /* UTF-8; a character may not be cut between two events */
    patchbay_str name;           /* TOOL_CALL: the tool's; CUSTOM: "org.example.x" */
    patchbay_str id;             /* TOOL_CALL, TOOL_RESULT: the vendor's id of the call */
    patchbay_str extra_json;     /* "" or a JSON object: kept in the log, handed back to you */
    const patchbay_usage* usage; /* for USAGE, else NULL */
} patchbay_event;

/* how an answer ended */
#define PATCHBAY_FINISH_STOP 1u           /* the model said all it wanted */
#define PATCHBAY_FINISH_LENGTH 2u         /* it met max_tokens */
#define PATCHBAY_FINISH_TOOL_CALLS 3u     /* it waits for the results of its tool calls */
#define PATCHBAY_FINISH_CONTENT_FILTER 4u /* the vendor cut it */
#define PATCHBAY_FINISH_REFUSAL 5u        /* the model declined */
#define PATCHBAY_FINISH_CANCELLED 6u      /* cancel() was obeyed */
#define PATCHBAY_FINISH_ERROR 7u          /* see the error */

/* Called once, on the lane of the handle that it was posted to: `status` is OK, or CANCELLED when
 * the stream is being closed and this is the time to free `user`. [lane] */
typedef void (*patchbay_posted)(void* user, patchbay_status status);

typedef struct patchbay_stream_1 {
    /* Adds `count` events, in order, all or none.
     * OK         go on.
     * PAUSE      accepted; emit no more until resume().
     * CANCELLED  dropped: finish(CANCELLED) is owed.
     * BAD_REQUEST dropped, all of them, and counted as a fault; the stream goes on. One of them has
     *            an unknown channel, more than 64 KiB of texts, a text that is no UTF-8 or not the
     *            JSON of its kind, more than 100 percent, or is a USAGE without figures.
     * LIMIT      a cap was met: dropped, the stream has failed.
     * STALE, WRONG_THREAD, BAD_STATE (after finish): dropped. [lane] */
    patchbay_status (*emit)(const patchbay_host* host, patchbay_stream stream,
                            const patchbay_event* events, uint32_t count);

    /* Ends the answer: exactly once. `error` is read when `reason` is ERROR, else NULL.
     * close() follows when everything that hangs on the stream has completed. BAD_STATE: a second
     * one; BAD_REQUEST: an unknown reason, which is taken for ERROR; both are faults. STALE,
     * WRONG_THREAD. Room to grow: the error's extra_json, and, of another end, METADATA emitted
     * before it. [lane] */
    patchbay_status (*finish)(const patchbay_host* host, patchbay_stream stream, uint32_t reason,
                              const patchbay_error* error);

    /* Has `callback(user, …)` called on the handle's lane, in the order of the posts. Works for
     * streams and requests. OK: it will be called exactly once, before close(). STALE: never.
     * LIMIT: 1,024 are waiting already; never. [any-thread] */
    patchbay_status (*post)(const patchbay_host* host, patchbay_handle owner,
                            patchbay_posted callback, void* user);
} patchbay_stream_1;

#endif
