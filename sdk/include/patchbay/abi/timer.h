/* One-shot timers, bound to a stream or request.
 *
 * Threads    start and the callback are [lane]; cancel is [lane].
 * Ending     a timer that started is called exactly once: OK when its time came, CANCELLED when it
 *            or its owner was cancelled. */
#ifndef PATCHBAY_ABI_TIMER_H
#define PATCHBAY_ABI_TIMER_H

#include "stream.h"

#define PATCHBAY_TIMER_1 "patchbay.timer/1" /* host's side */

typedef struct patchbay_timer_1 {
    /* Calls `callback(user, OK)` after `delay_us` microseconds at the earliest (at most one day).
     * On failure no callback follows: STALE, CANCELLED (the owner is ending), LIMIT (64 timers on
     * one owner), BAD_REQUEST, WRONG_THREAD. [lane] */
    patchbay_status (*start)(const patchbay_host* host, patchbay_handle owner, uint64_t delay_us,
                             patchbay_posted callback, void* user, patchbay_handle* timer);

    /* callback(user, CANCELLED) follows, after the current call into the plugin has returned.
     * STALE when it has fired. [lane] */
    patchbay_status (*cancel)(const patchbay_host* host, patchbay_handle timer);
} patchbay_timer_1;

#endif
