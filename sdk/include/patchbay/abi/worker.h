/* Work that blocks: a pool of the host's does it, and the result comes back on the lane.
 *
 * Threads    start and the callback are [lane]; the job is [worker], and may call [any-thread]
 *            functions only.
 * Ending     a job that started is called back exactly once. One that has begun cannot be
 *            stopped, and its owner stays until it returns: let it look at a flag of yours.
 * Limits     16 jobs of one owner; 1,024 of one instance wait, and as many run at a time as the
 *            machine has processors, but at most 16. */
#ifndef PATCHBAY_ABI_WORKER_H
#define PATCHBAY_ABI_WORKER_H

#include "stream.h"

#define PATCHBAY_WORKER_1 "patchbay.worker/1" /* host's side */

typedef void (*patchbay_job)(void* user); /* [worker] */

typedef struct patchbay_worker_1 {
    /* Has `job(user)` run, then `done(user, OK)` called; `done(user, CANCELLED)` alone, without the
     * job, when the owner is cancelled before it began; `done(user, INTERNAL)` when the job let a
     * C++ exception out: then the owner fails. On failure neither is called: BAD_REQUEST, STALE,
     * CANCELLED (the owner is ending), LIMIT, WRONG_THREAD, UNSUPPORTED (a host without workers).
     * [lane] */
    patchbay_status (*run)(const patchbay_host* host, patchbay_handle owner, patchbay_job job,
                           patchbay_posted done, void* user);
} patchbay_worker_1;

#endif
