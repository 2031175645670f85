/* Secrets: values named in the environment or a file, and the server's own credentials.
 *
 * Views      what comes out is borrowed until the plugin returns from the call in which it asked.
 */
#ifndef PATCHBAY_ABI_SECRETS_H
#define PATCHBAY_ABI_SECRETS_H

#include "verdict.h"

#define PATCHBAY_SECRETS_1 "patchbay.secrets/1" /* host's side */

/* A credential that `patchbay key create` made. */
typedef struct patchbay_credential {
    patchbay_str id;       /* the public part of the key */
    patchbay_str sha256;   /* 32 bytes: of the whole key */
    patchbay_str owner;    /* "user:alice" */
    patchbay_str name;     /* for people */
    uint32_t role;         /* PATCHBAY_ROLE_… */
    uint32_t revoked;      /* 1: refuse it */
    int64_t expires_at_ms; /* Unix time; 0 = never */
} patchbay_credential;

typedef struct patchbay_secrets_1 {
    /* The value of "${NAME}", "${NAME:-default}" or "${file:/path}", as in the config file.
     * NOT_FOUND: the variable is unset, or the file cannot be read. BAD_REQUEST; WRONG_THREAD: on a
     * lane, as it may read a file. [control] */
    patchbay_status (*resolve)(const patchbay_host* host, patchbay_str reference,
                               patchbay_str* value);

    /* The credential with this id, also a revoked one. NOT_FOUND: there is none. Reads memory,
     * never the disk; a new or revoked key shows at once. For auth plugins; others get FORBIDDEN.
     * BAD_REQUEST, WRONG_THREAD. [lane] */
    patchbay_status (*find_credential)(const patchbay_host* host, patchbay_str id,
                                       patchbay_credential* credential);
} patchbay_secrets_1;

#endif
