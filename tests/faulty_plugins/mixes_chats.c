/* Tells what belongs to one chat in the one that was opened last. */
#include "well_behaved.h"

#include <stddef.h>

static struct chat* last;

static patchbay_status remember(struct chat* chat, const patchbay_chat_request* request) {
    (void)request;
    last = chat;
    return PATCHBAY_OK;
}

static void mix(struct chat* chat) {
    if (last && last != chat && last->instance == chat->instance && !last->finished)
        emit(last, PATCHBAY_EVENT_DELTA, "mixed ");
}

static void forget(struct chat* chat) {
    if (last == chat) last = NULL;
}

const struct faults faults = {.open = remember, .word = mix, .close = forget};
