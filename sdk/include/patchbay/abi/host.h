/* What the host gives a plugin instance: its interfaces, by id.
 *
 * Life       from create() until destroy() has returned. Each instance has its own.
 * Interfaces frozen per id: "patchbay.stream/1" never changes; a change is "patchbay.stream/2",
 *            offered beside it. Ids that start with "patchbay.draft." promise nothing yet. */
#ifndef PATCHBAY_ABI_HOST_H
#define PATCHBAY_ABI_HOST_H

#include "error.h"

typedef struct patchbay_host {
    uint32_t abi;        /* PATCHBAY_ABI_MAJOR of the host */
    uint32_t draft;      /* PATCHBAY_ABI_DRAFT of the host */
    const char* version; /* of the host, "0.1.0" */

    /* The host's table for this id, or NULL: then do without, or fail create(). The table lives
     * as long as the process. [any-thread] */
    const void* (*get_interface)(const struct patchbay_host* host, patchbay_str interface_id);

    /* Says why the call of yours that is about to return a failure fails: create, open, check, … On
     * the thread of that call, whichever it is; elsewhere it does nothing. The host copies it. One
     * per call; the last one counts. [any-thread] */
    void (*set_error)(const struct patchbay_host* host, const patchbay_error* error);
} patchbay_host;

#endif
