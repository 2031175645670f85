/* No fault: the agent that the others spoil. */
#include "well_behaved_agent.h"

const struct agent_faults faults = {0};
