/* Asks its model again when that is cancelled, and does nothing when it is cancelled itself. */
#include "well_behaved_agent.h"

const struct agent_faults faults = {.ignores_cancel = 1};
