/* What was said before in this interaction.
 *
 * Owners     streams of agents: whoever else has no conversation.
 * Threads    read and the callback are [lane].
 * Ending     a read that started is called back exactly once; cancelled with its owner.
 * Limits     4 reads of one owner at a time; the newest 2,000 messages are looked at. */
#ifndef PATCHBAY_ABI_HISTORY_H
#define PATCHBAY_ABI_HISTORY_H

#include "stream.h"

#define PATCHBAY_HISTORY_1 "patchbay.history/1" /* host's side */

/* `messages_json`: an array, oldest first, as provider.h has it; the last one is the user's message
 * of this turn, followed by what this run has done already, after a crash. `error`: NULL; STORAGE;
 * CANCELLED. Exactly once. [lane] */
typedef void (*patchbay_history_read)(void* user, patchbay_str messages_json,
                                      const patchbay_error* error);

typedef struct patchbay_history_1 {
    /* Reads the messages, the oldest turns left out until `max_tokens` (estimated) hold the rest;
     * 0 = what the run's own model takes beside its answer. On failure no callback follows: STALE,
     * CANCELLED (the owner is ending), BAD_REQUEST (a tool's stream), UNSUPPORTED (another's, or a
     * request), LIMIT, WRONG_THREAD. [lane] */
    patchbay_status (*read)(const patchbay_host* host, patchbay_handle owner, uint32_t max_tokens,
                            patchbay_history_read done, void* user);
} patchbay_history_1;

#endif
