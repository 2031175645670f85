/* Holds the last bytes, also where a character begins before them. */
#include "well_behaved_middleware.h"

const struct middleware_faults faults = {.cuts_characters = 1};
