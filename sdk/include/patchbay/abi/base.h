/* The words that every Patchbay header uses: text views, handles, statuses, thread tags.
 *
 * Threads    every function of this ABI bears one of four tags:
 *   [control]     load, create, destroy. One at a time per library; may block.
 *   [lane]        everything that belongs to one stream or request. Calls of one handle never
 *                 overlap and come in order, yet not always on the same OS thread: keep no
 *                 thread-local state. Must not block: 1 ms is the budget, and beyond 5 ms the
 *                 host logs a warning that names the plugin.
 *   [worker]      a pool of the host's; may block.
 *   [any-thread]  from wherever you are, also from threads of your own.
 * Ownership  views in, copies out. A patchbay_str that you receive is borrowed until the call
 *            returns: copy what you keep. What you hand over is copied before the call returns.
 *            Neither side ever frees the other's memory.
 * Re-entry   the host never calls a plugin from inside a host function which that plugin called.
 * Failure    no C++ exception, signal or longjmp may cross. A failure is a negative status, and,
 *            where a header says so, a patchbay_error.
 * Layout     64-bit little-endian platforms; fixed-width integers only, but for the figures of
 *            metrics.h, which are `double`; padding is explicit.
 * Growth     what is frozen gets no member and no argument. The room is a struct's extra_json: ""
 *            or a JSON object, whose unknown keys are passed over; the host checks what it is
 *            handed. A function has no such room: what it lacks is its table's next revision. */
#ifndef PATCHBAY_ABI_BASE_H
#define PATCHBAY_ABI_BASE_H

#include <stdint.h>

/* 0 until release 1.0: must match exactly. From 1.0 on it is 1, for ever. */
#define PATCHBAY_ABI_MAJOR 0u

/* Which draft of 0 this is: one more with each change of a layout or a constant, and from 1.0 on 0.
 * Must match exactly: drafts know nothing of each other. */
#define PATCHBAY_ABI_DRAFT 2u

/* UTF-8 text or bytes: pointer and length, not NUL-terminated. An empty one may have a NULL
 * pointer. */
typedef struct patchbay_str {
    const char* data;
    uint64_t size; /* bytes */
} patchbay_str;

/* Names an object of the host: slot and generation, 0 = none. Copy and keep it freely; a call
 * with one whose object is gone returns PATCHBAY_E_STALE and does nothing. */
typedef struct patchbay_handle {
    uint64_t bits;
} patchbay_handle;

typedef patchbay_handle patchbay_stream;  /* where a provider writes its answer: stream.h */
typedef patchbay_handle patchbay_request; /* what an auth plugin decides about: verdict.h */

/* 0 done; above 0 done, with advice; below 0 a failure: one of the codes in error.h. */
typedef int32_t patchbay_status;

#define PATCHBAY_OK 0
#define PATCHBAY_PAUSE 1    /* accepted; stop until resume() */
#define PATCHBAY_PENDING 2  /* the answer comes later, through verdict.h */
#define PATCHBAY_NOT_MINE 3 /* auth: these credentials are for another plugin */

/* Why the host wants something to end. */
typedef uint32_t patchbay_reason;

#define PATCHBAY_REASON_CLIENT 1u   /* a client or an administrator asked for it */
#define PATCHBAY_REASON_GONE 2u     /* the client left, and its policy is to cancel */
#define PATCHBAY_REASON_DEADLINE 3u /* the time limit passed */
#define PATCHBAY_REASON_SHUTDOWN 4u /* the server is stopping */
#define PATCHBAY_REASON_OVERRUN 5u  /* the plugin broke a limit */

#endif
