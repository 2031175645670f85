/* Sleeps for 12 ms on its lane, before its second word. */
#include "well_behaved.h"

#include <time.h>

static void sleep_here(struct chat* chat) {
    const struct timespec twelve_ms = {0, 12000000};
    if (chat->words == 1) nanosleep(&twelve_ms, NULL);
}

const struct faults faults = {.word = sleep_here};
