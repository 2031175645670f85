/* Does nothing when it is cancelled. */
#include "well_behaved.h"

const struct faults faults = {.ignores_cancel = 1};
