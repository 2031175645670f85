/* Forgets what it holds when the answer ends. */
#include "well_behaved_middleware.h"

const struct middleware_faults faults = {.loses_held = 1};
