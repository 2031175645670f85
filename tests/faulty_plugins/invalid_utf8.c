/* Emits bytes that are no UTF-8. */
#include "well_behaved.h"

static void bad_text(struct chat* chat) {
    if (chat->words == 1) emit(chat, PATCHBAY_EVENT_DELTA, "\xC3(");
}

const struct faults faults = {.word = bad_text};
