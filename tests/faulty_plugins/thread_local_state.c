/* Counts its words in a variable of the OS thread. */
#include "well_behaved.h"

static _Thread_local int seen;

static void count(struct chat* chat) {
    if (chat->words == 0) seen = 0;
    if (seen++ != chat->words) emit(chat, PATCHBAY_EVENT_DELTA, "lost count ");
}

const struct faults faults = {.word = count};
