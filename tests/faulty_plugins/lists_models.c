/* No fault: it lists one model, and refuses others, of which the host has said so before. */
#include "well_behaved.h"

#include <string.h>

static patchbay_status check_model(struct chat* chat, const patchbay_chat_request* request) {
    if (request->model.size == 3 && memcmp(request->model.data, "own", 3) == 0) return PATCHBAY_OK;
    return refuse(chat->instance->host, PATCHBAY_E_MODEL_NOT_FOUND, "no such model");
}

const struct faults faults = {.open = check_model, .models = "[{\"id\": \"own\"}]"};
