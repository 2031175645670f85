/* A small store of the instance's own: it outlives restarts, reloads and upgrades.
 *
 * Names      each instance of the config has a space of its own, by its name there.
 * Threads    all [lane].
 * Ending     what started is called back exactly once, when it is committed or has failed; with
 *            CANCELLED when its owner was, and then a write may have been done all the same.
 * Order      writes are done in the order of their calls. A read finds what was called back before
 *            it began, and perhaps more.
 * Failure    to start: STALE, CANCELLED (the owner is ending), BAD_REQUEST, LIMIT, WRONG_THREAD,
 *            UNSUPPORTED (a host without a store); no callback follows.
 * Limits     keys of 1 to 256 bytes of UTF-8, values of at most 64 KiB of any bytes; 64 MiB in all:
 *            then STORAGE. 16 of one owner at a time. */
#ifndef PATCHBAY_ABI_KV_H
#define PATCHBAY_ABI_KV_H

#include "stream.h"

#define PATCHBAY_KV_1 "patchbay.kv/1" /* host's side */

/* `error`: NULL; NOT_FOUND (get: no such key, or it has expired); STORAGE; CANCELLED. `value`: what
 * was read; of list(), a JSON array of keys; else "". Exactly once. [lane] */
typedef void (*patchbay_kv_done)(void* user, patchbay_str value, const patchbay_error* error);

typedef struct patchbay_kv_1 {
    /* Reads the value of a key. [lane] */
    patchbay_status (*get)(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                           patchbay_kv_done done, void* user);

    /* Writes the value, in place of another; it is gone after `ttl_ms`, 0 = never. [lane] */
    patchbay_status (*put)(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                           patchbay_str value, uint64_t ttl_ms, patchbay_kv_done done, void* user);

    /* Done also when there is no such key. [lane] */
    patchbay_status (*remove)(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                              patchbay_kv_done done, void* user);

    /* The keys that begin with `prefix`, in the order of their bytes, after `after` ("" = from the
     * first); at most 1,000. [lane] */
    patchbay_status (*list)(const patchbay_host* host, patchbay_handle owner, patchbay_str prefix,
                            patchbay_str after, patchbay_kv_done done, void* user);
} patchbay_kv_1;

#endif
