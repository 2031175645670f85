/* No fault: the middleware that the others spoil. */
#include "well_behaved_middleware.h"

const struct middleware_faults faults = {0};
