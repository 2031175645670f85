/* Emits what it was given, and lets it pass, too. */
#include "well_behaved_middleware.h"

const struct middleware_faults faults = {.passes_too = 1};
