/* Takes the model's name for one that ends with a NUL. */
#include "well_behaved.h"

#include <string.h>

static patchbay_status measure(struct chat* chat, const patchbay_chat_request* request) {
    (void)chat;
    const size_t size = request->model.data ? strlen(request->model.data) : 0;
    return size < 100000 ? PATCHBAY_OK : PATCHBAY_E_TOO_LARGE;
}

const struct faults faults = {.open = measure};
