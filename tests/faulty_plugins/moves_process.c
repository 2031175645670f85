/* Gives the whole process another working folder and another locale. */
#include "well_behaved.h"

#include <locale.h>
#include <unistd.h>

static patchbay_status move(const patchbay_host* host, patchbay_str config_json) {
    (void)host;
    (void)config_json;
    setlocale(LC_ALL, "C.UTF-8");
    return chdir("/dev") == 0 ? PATCHBAY_OK : refuse(host, PATCHBAY_E_INTERNAL, "no such folder");
}

const struct faults faults = {.create = move};
