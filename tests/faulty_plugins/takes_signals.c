/* Has the whole process ignore SIGTERM. */
#include "well_behaved.h"

#include <signal.h>

static patchbay_status ignore(const patchbay_host* host, patchbay_str config_json) {
    (void)host;
    (void)config_json;
    signal(SIGTERM, SIG_IGN);
    return PATCHBAY_OK;
}

const struct faults faults = {.create = ignore};
