/* Exports a function beside its table: it is linked without the version script. */
#include "well_behaved.h"

extern int patchbay_tests_second_symbol(void);
__attribute__((visibility("default"))) int patchbay_tests_second_symbol(void) { return 2; }

const struct faults faults = {0};
