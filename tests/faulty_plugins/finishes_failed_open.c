/* Ends an answer's stream, and then says that it never opened. */
#include "well_behaved.h"

static patchbay_status fail(struct chat* chat, const patchbay_chat_request* request) {
    if (request->model.size < 100) return PATCHBAY_OK;
    finish(chat, PATCHBAY_FINISH_ERROR);
    return refuse(chat->instance->host, PATCHBAY_E_MODEL_NOT_FOUND, "no such model");
}

const struct faults faults = {.open = fail};
