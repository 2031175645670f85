/* Emits metadata that are no JSON. */
#include "well_behaved.h"

static void bad_metadata(struct chat* chat) {
    if (chat->words == 1) emit(chat, PATCHBAY_EVENT_METADATA, "{\"half\":");
}

const struct faults faults = {.word = bad_metadata};
