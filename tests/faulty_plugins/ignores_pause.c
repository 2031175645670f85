/* Goes on when it is told to pause. */
#include "well_behaved.h"

const struct faults faults = {.ignores_pause = 1};
