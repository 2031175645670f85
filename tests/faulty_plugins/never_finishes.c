/* Tells its words and leaves the answer open. */
#include "well_behaved.h"

const struct faults faults = {.never_finishes = 1};
