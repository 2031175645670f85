/* Refuses a config, and does not say why. */
#include "well_behaved.h"

#include <string.h>

static patchbay_status refuse_silently(const patchbay_host* host, patchbay_str config_json) {
    (void)host;
    return memmem(config_json.data, config_json.size, "-1", 2) ? PATCHBAY_E_BAD_REQUEST
                                                               : PATCHBAY_OK;
}

const struct faults faults = {.create = refuse_silently};
