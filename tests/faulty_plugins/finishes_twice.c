/* Ends its answer, and ends it again. */
#include "well_behaved.h"

static void again(struct chat* chat) { finish(chat, PATCHBAY_FINISH_STOP); }

const struct faults faults = {.after_finish = again};
