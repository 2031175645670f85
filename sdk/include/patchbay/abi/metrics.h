/* Figures that an administrator reads at /api/metrics, in Prometheus' format.
 *
 * Names      the host puts "patchbay_plugin_" before a name, and the label `instance` beside it.
 * Threads    define is [control], in create() alone; add and set are [any-thread] and do not block.
 * Limits     64 metrics of one instance; 100 values of one label, of at most 128 bytes, then
 *            "other"; 1,000 combinations of values of one metric, then all of them "other". */
#ifndef PATCHBAY_ABI_METRICS_H
#define PATCHBAY_ABI_METRICS_H

#include "host.h"

#define PATCHBAY_METRICS_1 "patchbay.metrics/1" /* host's side */

#define PATCHBAY_METRIC_COUNTER 1u
#define PATCHBAY_METRIC_GAUGE 2u
#define PATCHBAY_METRIC_HISTOGRAM 3u

typedef struct patchbay_metric {
    patchbay_str name;           /* [a-z][a-z0-9_]{0,63}; "…_total" for counters alone */
    patchbay_str help;           /* a sentence */
    const patchbay_str* labels;  /* label_count names, as above; "instance" and "le" are not free */
    const double* bucket_limits; /* bucket_count of them, rising: of a histogram */
    uint32_t kind;               /* PATCHBAY_METRIC_… */
    uint32_t label_count;        /* at most 4 */
    uint32_t bucket_count;       /* 1..64 for a histogram, else 0 */
    uint32_t reserved;           /* 0 */
} patchbay_metric;

typedef struct patchbay_metrics_1 {
    /* *id names it in the two others. An instance that takes another's place defines the same
     * anew, and goes on with its figures; or another one, as a newer version of the plugin, and
     * begins at 0. BAD_REQUEST, CONFLICT (the name is taken, or in use by another instance with
     * other labels, buckets or of another kind), LIMIT, BAD_STATE (after create()), WRONG_THREAD.
     * [control] */
    patchbay_status (*define)(const patchbay_host* host, const patchbay_metric* metric,
                              uint32_t* id);

    /* Adds to a counter (>= 0) or a gauge, or observes a value of a histogram. `label_values`:
     * label_count of them, as many as it has labels. BAD_REQUEST: an unknown id, another number of
     * labels, one that is no UTF-8, a value that is not finite, a counter that would fall.
     * [any-thread] */
    patchbay_status (*add)(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                           uint32_t label_count, double value);

    /* Sets a gauge. BAD_REQUEST as above, and for what is no gauge. [any-thread] */
    patchbay_status (*set)(const patchbay_host* host, uint32_t id, const patchbay_str* label_values,
                           uint32_t label_count, double value);
} patchbay_metrics_1;

#endif
