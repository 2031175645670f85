/* Knows the error codes of today by heart, and waits for ever at another one. */
#include "well_behaved_agent.h"

const struct agent_faults faults = {.knows_codes_only = 1};
