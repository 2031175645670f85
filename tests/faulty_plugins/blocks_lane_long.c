/* Sleeps for 200 ms on its lane, before its second word. */
#include "well_behaved.h"

#include <time.h>

static void sleep_here(struct chat* chat) {
    const struct timespec long_time = {0, 200000000};
    if (chat->words == 1) nanosleep(&long_time, NULL);
}

const struct faults faults = {.word = sleep_here};
