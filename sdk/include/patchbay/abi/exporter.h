/* An exporter sends spans, what was done when and for how long, to a tracing system.
 *
 * Threads    [worker]: may block. One call at a time.
 * Failure    a batch that failed is tried again, three times in all; then it is dropped.
 * Limits     2,048 spans wait at most: an exporter that is slow loses spans, never a run. */
#ifndef PATCHBAY_ABI_EXPORTER_H
#define PATCHBAY_ABI_EXPORTER_H

#include "host.h"

#define PATCHBAY_EXPORTER_1 "patchbay.exporter/1" /* frozen */

typedef struct patchbay_exporter_1 {
    /* `spans_json`: an array of at most 512 spans, each {"trace_id", "span_id", "parent_span_id"?,
     * "name", "kind", "start_ns", "end_ns": Unix time as decimal text, "status": "ok" | "error",
     * "attributes": object, "events": [{"name", "time_ns", "attributes"}]}. OK, or a failure (with
     * set_error). Returns within 10 s, or counts as failed. [worker] */
    patchbay_status (*export_spans)(void* instance, patchbay_str spans_json);
} patchbay_exporter_1;

#endif
