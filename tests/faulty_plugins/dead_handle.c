/* Emits into the answer before this one, which is over. */
#include "well_behaved.h"

static uint64_t last_closed;

static void use_last(struct chat* chat) {
    struct chat dead = *chat;
    dead.stream.bits = last_closed;
    if (last_closed) emit(&dead, PATCHBAY_EVENT_DELTA, "to nobody");
    last_closed = 0;
}

static void remember(struct chat* chat) { last_closed = chat->stream.bits; }

const struct faults faults = {.word = use_last, .close = remember};
