/* Refuses a request, and does not say why. */
#include "well_behaved.h"

static patchbay_status fail(struct chat* chat, const patchbay_chat_request* request) {
    (void)chat;
    return request->model.size < 100 ? PATCHBAY_OK : PATCHBAY_E_MODEL_NOT_FOUND;
}

const struct faults faults = {.open = fail};
