/* Never comes back from open(). */
#include "well_behaved.h"

#include <unistd.h>

static patchbay_status hang(struct chat* chat, const patchbay_chat_request* request) {
    (void)chat;
    while (request) pause();
    return PATCHBAY_OK;
}

const struct faults faults = {.open = hang};
