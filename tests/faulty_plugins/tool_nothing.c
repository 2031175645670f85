/* No fault: the tool that the others spoil. */
#include "well_behaved_tool.h"

const struct tool_faults faults = {0};
