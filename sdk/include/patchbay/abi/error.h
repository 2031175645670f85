/* Errors: the one list of codes, each with its HTTP status.
 *
 * A code is a negative patchbay_status. Its lower-case name ("rate_limited") is what HTTP clients
 * see in the field `code`. A code that the other side does not know reads as `internal`. */
#ifndef PATCHBAY_ABI_ERROR_H
#define PATCHBAY_ABI_ERROR_H

#include "base.h"

/* X(NAME, name, status value, HTTP status): what happened. */
#define PATCHBAY_ERROR_CODES(X)                                                                    \
    X(INTERNAL, internal, -1, 500)               /* a bug on our side, or an unknown code */       \
    X(BAD_REQUEST, bad_request, -2, 400)         /* malformed or invalid input */                  \
    X(UNAUTHENTICATED, unauthenticated, -3, 401) /* no credentials, or bad ones */                 \
    X(FORBIDDEN, forbidden, -4, 403)             /* known, but not allowed */                      \
    X(NOT_FOUND, not_found, -5, 404)             /* no such thing, or another owner's */           \
    X(METHOD_NOT_ALLOWED, method_not_allowed, -6, 405)                                             \
    X(CONFLICT, conflict, -7, 409)                       /* a run is active, an id is taken */     \
    X(PRECONDITION_FAILED, precondition_failed, -8, 412) /* If-Match is stale */                   \
    X(TOO_LARGE, too_large, -9, 413)                     /* a body or value beyond its limit */    \
    X(UNSUPPORTED_MEDIA_TYPE, unsupported_media_type, -10, 415)                                    \
    X(OUT_OF_RANGE, out_of_range, -11, 416)                 /* a cursor beyond the end */          \
    X(UNPROCESSABLE, unprocessable, -12, 422)               /* understood, but contradictory */    \
    X(IDEMPOTENCY_MISMATCH, idempotency_mismatch, -13, 422) /* same key, another body */           \
    X(RATE_LIMITED, rate_limited, -14, 429)     /* too many requests; see retry_after_ms */        \
    X(QUEUE_FULL, queue_full, -15, 429)         /* too many runs wait on one interaction */        \
    X(HEAD_TOO_LARGE, head_too_large, -16, 431) /* request head beyond its limit */                \
    X(CANCELLED, cancelled, -17, 499)           /* stopped on purpose */                           \
    X(UNSUPPORTED, unsupported, -18, 501)       /* not offered by this plugin or host */           \
    X(UPSTREAM, upstream, -19, 502)             /* the upstream failed or talks nonsense */        \
    X(UPSTREAM_TRUNCATED, upstream_truncated, -20, 502) /* it ended before its end */              \
    X(UNAVAILABLE, unavailable, -21, 503)               /* draining, overloaded, plugin off */     \
    X(STORAGE, storage, -22, 503)                       /* the store cannot take writes now */     \
    X(TIMEOUT, timeout, -23, 504)                       /* a time limit passed */                  \
    X(MODEL_NOT_FOUND, model_not_found, -24, 400)       /* no such model here */                   \
    X(CONTEXT_LENGTH, context_length, -25, 400)         /* the input exceeds the model's window */ \
    X(CONTENT_FILTERED, content_filtered, -26, 400)     /* refused by the vendor's filter */       \
    X(QUOTA_EXCEEDED, quota_exceeded, -27, 429)         /* paid for no more; do not retry */       \
    X(MEDIA_NOT_AVAILABLE, media_not_available, -28, 400) /* a media id that is not here */        \
    X(REQUEST_TIMEOUT, request_timeout, -29, 408)         /* the client sent too slowly */         \
    X(STALE, stale, -40, 500)                             /* a handle whose object is gone */      \
    X(WRONG_THREAD, wrong_thread, -41, 500)               /* a [lane] call from another thread */  \
    X(BAD_STATE, bad_state, -42, 500)                     /* out of order: a second finish, … */ \
    X(LIMIT, limit, -43, 500)                             /* beyond a cap of this ABI */

#define PATCHBAY_E_INTERNAL (-1)
#define PATCHBAY_E_BAD_REQUEST (-2)
#define PATCHBAY_E_UNAUTHENTICATED (-3)
#define PATCHBAY_E_FORBIDDEN (-4)
#define PATCHBAY_E_NOT_FOUND (-5)
#define PATCHBAY_E_METHOD_NOT_ALLOWED (-6)
#define PATCHBAY_E_CONFLICT (-7)
#define PATCHBAY_E_PRECONDITION_FAILED (-8)
#define PATCHBAY_E_TOO_LARGE (-9)
#define PATCHBAY_E_UNSUPPORTED_MEDIA_TYPE (-10)
#define PATCHBAY_E_OUT_OF_RANGE (-11)
#define PATCHBAY_E_UNPROCESSABLE (-12)
#define PATCHBAY_E_IDEMPOTENCY_MISMATCH (-13)
#define PATCHBAY_E_RATE_LIMITED (-14)
#define PATCHBAY_E_QUEUE_FULL (-15)
#define PATCHBAY_E_HEAD_TOO_LARGE (-16)
#define PATCHBAY_E_CANCELLED (-17)
#define PATCHBAY_E_UNSUPPORTED (-18)
#define PATCHBAY_E_UPSTREAM (-19)
#define PATCHBAY_E_UPSTREAM_TRUNCATED (-20)
#define PATCHBAY_E_UNAVAILABLE (-21)
#define PATCHBAY_E_STORAGE (-22)
#define PATCHBAY_E_TIMEOUT (-23)
#define PATCHBAY_E_MODEL_NOT_FOUND (-24)
#define PATCHBAY_E_CONTEXT_LENGTH (-25)
#define PATCHBAY_E_CONTENT_FILTERED (-26)
#define PATCHBAY_E_QUOTA_EXCEEDED (-27)
#define PATCHBAY_E_MEDIA_NOT_AVAILABLE (-28)
#define PATCHBAY_E_REQUEST_TIMEOUT (-29)
#define PATCHBAY_E_STALE (-40)
#define PATCHBAY_E_WRONG_THREAD (-41)
#define PATCHBAY_E_BAD_STATE (-42)
#define PATCHBAY_E_LIMIT (-43)

#define PATCHBAY_ERROR_RETRYABLE 1u /* flags: the same request may succeed later */
#define PATCHBAY_ERROR_USER_SAFE 2u /* flags: `message` may be shown to the end user as it is */

/* Why something failed. */
typedef struct patchbay_error {
    patchbay_status code;     /* one of the list above */
    uint32_t flags;           /* PATCHBAY_ERROR_… */
    int64_t retry_after_ms;   /* 0 = unknown; else wait this long */
    uint32_t http_status;     /* what the upstream answered; 0 = none */
    uint32_t reserved;        /* 0 */
    patchbay_str message;     /* a sentence for the log; never parsed; no secrets in it */
    patchbay_str detail_json; /* "" or a JSON object: the vendor's own code, type, … */
    patchbay_str extra_json;  /* "" or a JSON object: room to grow */
} patchbay_error;

#endif
