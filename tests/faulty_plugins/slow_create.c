/* Takes its time in create(). */
#include "well_behaved.h"

#include <time.h>

static patchbay_status sleep_a_little(const patchbay_host* host, patchbay_str config_json) {
    const struct timespec time = {.tv_sec = 0, .tv_nsec = 150000000};
    (void)host;
    (void)config_json;
    nanosleep(&time, NULL);
    return PATCHBAY_OK;
}

const struct faults faults = {.create = sleep_a_little};
