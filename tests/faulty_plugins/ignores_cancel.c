/* Does nothing when it is cancelled. Relentless, it does not come to an end of its own either. */
#include "well_behaved.h"

static void begin_again(struct chat* chat) {
    if (chat->relentless) chat->words = 0;
}

const struct faults faults = {.word = begin_again, .ignores_cancel = 1};
