/* Keeps the model's name without copying it, and reads it when its first timer fires. */
#include "well_behaved.h"

static patchbay_status keep(struct chat* chat, const patchbay_chat_request* request) {
    chat->own = (void*)request->model.data;
    return PATCHBAY_OK;
}

static void use(struct chat* chat) {
    const volatile char* kept = chat->own;
    if (chat->words == 0 && kept && kept[0] == '\n') emit(chat, PATCHBAY_EVENT_STATUS, "odd");
}

const struct faults faults = {.open = keep, .word = use};
