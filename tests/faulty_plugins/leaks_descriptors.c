/* Opens a file in each instance, and closes none. */
#include "well_behaved.h"

#include <fcntl.h>

static patchbay_status open_file(const patchbay_host* host, patchbay_str config_json) {
    (void)host;
    (void)config_json;
    open("/dev/null", O_RDONLY | O_CLOEXEC);
    return PATCHBAY_OK;
}

const struct faults faults = {.create = open_file};
