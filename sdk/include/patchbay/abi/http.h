/* HTTP calls to an upstream, run by the host: pooled, TLS, proxies, limits, SSE splitting.
 *
 * A call is bound to its owner, a stream or a request: it is paused while the owner's client
 * stalls, and aborted when the owner is cancelled. So most plugins hold no flow-control code.
 *
 * Retries    none, but where a kept connection ends before a byte of an answer: the request goes
 *            out once more on a new one; with POST and PATCH only when that was within a second.
 * Threads    start and the handler are [lane]; cancel is [any-thread].
 * Ending     a call that started gets exactly one done(), also when it is cancelled. */
#ifndef PATCHBAY_ABI_HTTP_H
#define PATCHBAY_ABI_HTTP_H

#include "auth.h"

#define PATCHBAY_HTTP_1 "patchbay.http/1" /* host's side */

#define PATCHBAY_HTTP_SPLIT_SSE                                       \
    1u /* flags: a 2xx body is text/event-stream: event(), not data() \
        */
#define PATCHBAY_HTTP_MANUAL_PAUSE 2u /* flags: go on delivering while the owner is paused */

/* flags: connects only to addresses of the public internet: for URLs that a model or a user chose.
 * Checked is the address that is connected to, after DNS; no loopback, link-local, private or
 * otherwise special one, in no spelling. Else, and where no such host exists, done(FORBIDDEN), and
 * a USER_SAFE message that names the URL's host and no address that it has. Through a proxy nobody
 * can check: FORBIDDEN, too. */
#define PATCHBAY_HTTP_PUBLIC_ONLY 4u

typedef struct patchbay_http_start {
    patchbay_str method; /* "GET", "POST", … */
    patchbay_str url;    /* http:// or https:// */
    patchbay_str body;
    const patchbay_header* headers; /* header_count of them; no CR, LF or NUL in them */
    uint32_t header_count;
    uint32_t flags;              /* PATCHBAY_HTTP_…; others: UNSUPPORTED */
    uint32_t connect_timeout_ms; /* name, TCP and TLS; 0 = 10,000 */
    uint32_t
        first_byte_timeout_ms; /* from the request's end to the body's first byte; 0 = 120,000 */
    uint32_t idle_timeout_ms;  /* between two reads; stands still while paused; 0 = 60,000 */
    uint32_t total_timeout_ms; /* 0 = the owner's deadline alone */
    uint64_t max_body_bytes;   /* of the answer; 0 = 64 MiB. Beyond it: TOO_LARGE */
    uint64_t max_line_bytes;   /* of one SSE event; 0 = 1 MiB. Beyond it: TOO_LARGE */
    patchbay_str extra_json;   /* "" or a JSON object: room to grow */
} patchbay_http_start;

/* One event of a text/event-stream, as WHATWG HTML 9.2 dispatches it. A last event without its
 * blank line is dispatched too. */
typedef struct patchbay_sse_event {
    patchbay_str name; /* "" = none */
    patchbay_str id;   /* "" = none */
    patchbay_str data;
} patchbay_sse_event;

typedef struct patchbay_http_handler {
    /* Status and headers, once, before any body. May be NULL. [lane] */
    void (*head)(void* user, uint32_t status, const patchbay_header* headers,
                 uint32_t header_count);

    /* Bytes of the body, as they come. Without SPLIT_SSE, or when the status is not 2xx or the
     * content type is not text/event-stream. May be NULL. [lane] */
    void (*data)(void* user, patchbay_str bytes);

    /* One SSE event. Needed with SPLIT_SSE. [lane] */
    void (*event)(void* user, const patchbay_sse_event* event);

    /* The end: NULL, or why it failed. Any HTTP status is a success here. Codes: UPSTREAM (refused,
     * reset, bad HTTP, TLS, DNS), UPSTREAM_TRUNCATED, TIMEOUT, TOO_LARGE, FORBIDDEN (see
     * PUBLIC_ONLY), CANCELLED. Exactly once, the last call. [lane] */
    void (*done)(void* user, const patchbay_error* error);
} patchbay_http_handler;

typedef struct patchbay_http_1 {
    /* Starts a call. `handler` must live until done(). On OK *call names it. On failure no
     * callback follows: STALE, BAD_REQUEST (bad URL, header or JSON), UNSUPPORTED (a flag),
     * CANCELLED (the owner is ending), LIMIT (64 calls on one owner), WRONG_THREAD. [lane] */
    patchbay_status (*start)(const patchbay_host* host, patchbay_handle owner,
                             const patchbay_http_start* request,
                             const patchbay_http_handler* handler, void* user,
                             patchbay_handle* call);

    /* Aborts; done(CANCELLED) follows on the lane. Idempotent; STALE when it is over. [any-thread]
     */
    patchbay_status (*cancel)(const patchbay_host* host, patchbay_handle call);
} patchbay_http_1;

#endif
