/* Dies in its second word. */
#include "well_behaved.h"

#include <stdio.h>
#include <stdlib.h>

static void die(struct chat* chat) {
    if (chat->words != 1) return;
    fputs("cannot go on\n", stderr);
    abort();
}

const struct faults faults = {.word = die};
