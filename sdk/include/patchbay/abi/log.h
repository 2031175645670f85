/* The host's log. Never put a secret, a prompt or an answer into it.
 *
 * Threads    [any-thread].
 * Limits     200 lines of one instance a second: what is beyond is dropped, and the log says so. */
#ifndef PATCHBAY_ABI_LOG_H
#define PATCHBAY_ABI_LOG_H

#include "host.h"

#define PATCHBAY_LOG_1 "patchbay.log/1" /* host's side */

#define PATCHBAY_LOG_DEBUG 1u
#define PATCHBAY_LOG_INFO 2u
#define PATCHBAY_LOG_WARN 3u
#define PATCHBAY_LOG_ERROR 4u

typedef struct patchbay_log_1 {
    /* 1 when lines of this level are written: ask before you build a costly one. [any-thread] */
    uint32_t (*enabled)(const patchbay_host* host, uint32_t level);

    /* Writes one line; the instance's name and `scope` (a stream or request, or 0) are added.
     * `fields_json` is "" or a JSON object. At most 4 KiB are kept. [any-thread] */
    void (*write)(const patchbay_host* host, uint32_t level, patchbay_handle scope,
                  patchbay_str message, patchbay_str fields_json);
} patchbay_log_1;

#endif
