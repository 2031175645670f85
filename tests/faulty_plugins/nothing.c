/* No fault: the provider that the others spoil. */
#include "well_behaved.h"

const struct faults faults = {0};
