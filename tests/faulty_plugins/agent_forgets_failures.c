/* Does nothing more when its model has failed. */
#include "well_behaved_agent.h"

const struct agent_faults faults = {.forgets_failures = 1};
