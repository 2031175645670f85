/* Keeps something under a key of 300 bytes. */
#include "well_behaved_agent.h"

#include <patchbay/abi/kv.h>

static void kept(void* user, patchbay_str value, const patchbay_error* error) {
    (void)user;
    (void)value;
    (void)error;
}

static void keep(struct answer* answer, const patchbay_agent_request* request) {
    static char key[300];
    const patchbay_host* host = answer->host;
    const patchbay_kv_1* kv = host->get_interface(host, text(PATCHBAY_KV_1));
    const patchbay_str name = {key, sizeof(key)};
    (void)request;
    memset(key, 'k', sizeof(key));
    if (kv) kv->put(host, answer->stream, name, text("value"), 0, kept, NULL);
}

const struct agent_faults faults = {.open = keep};
