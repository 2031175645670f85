/* Starts a thread in each instance, and joins none. */
#include "well_behaved.h"

#include <pthread.h>
#include <unistd.h>

static void* sleep_on(void* user) {
    for (;;) sleep(1);
    return user;
}

static patchbay_status start_thread(const patchbay_host* host, patchbay_str config_json) {
    pthread_t thread;
    (void)host;
    (void)config_json;
    if (pthread_create(&thread, NULL, &sleep_on, NULL) == 0) pthread_detach(thread);
    return PATCHBAY_OK;
}

const struct faults faults = {.create = start_thread};
