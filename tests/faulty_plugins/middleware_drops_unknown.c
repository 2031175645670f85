/* Lets no event go on that it does not know. */
#include "well_behaved_middleware.h"

const struct middleware_faults faults = {.drops_unknown = 1};
