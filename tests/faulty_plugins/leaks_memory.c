/* Forgets 100 bytes of each chat. */
#include "well_behaved.h"

#include <stdlib.h>
#include <string.h>

static void* volatile forgotten;

static patchbay_status leak(struct chat* chat, const patchbay_chat_request* request) {
    const size_t size = 100;
    void* bytes = malloc(size);
    (void)chat;
    (void)request;
    memset(bytes, 1, size);
    forgotten = bytes;
    return PATCHBAY_OK;
}

const struct faults faults = {.open = leak};
