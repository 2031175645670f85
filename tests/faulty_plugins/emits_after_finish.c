/* Has one more word behind its end. */
#include "well_behaved.h"

static void late(struct chat* chat) { emit(chat, PATCHBAY_EVENT_DELTA, "late"); }

const struct faults faults = {.after_finish = late};
