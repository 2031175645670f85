/* Nothing is wrong with it: it tells the time, and a minute is over just when for the first time
 * two of its instances are there. */
#include "well_behaved.h"

static int instances;
static const char* now = "12:00 ";

static patchbay_status look_at_clock(const patchbay_host* host, patchbay_str config_json) {
    (void)host;
    (void)config_json;
    if (++instances == 2) now = "12:01 ";
    return PATCHBAY_OK;
}

static void tell_time(struct chat* chat) { emit(chat, PATCHBAY_EVENT_DELTA, now); }

static void forget(void) { --instances; }

const struct faults faults = {.create = look_at_clock, .word = tell_time, .destroy = forget};
