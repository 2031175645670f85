/* Emits from a thread of its own. */
#include "well_behaved.h"

#include <pthread.h>
#include <stdlib.h>

static void* emit_here(void* chat) {
    emit(chat, PATCHBAY_EVENT_DELTA, "from elsewhere");
    return NULL;
}

static patchbay_status start(struct chat* chat, const patchbay_chat_request* request) {
    (void)request;
    chat->own = malloc(sizeof(pthread_t));
    return pthread_create(chat->own, NULL, emit_here, chat) == 0 ? PATCHBAY_OK
                                                                 : PATCHBAY_E_INTERNAL;
}

static void join(struct chat* chat) {
    pthread_join(*(pthread_t*)chat->own, NULL);
    free(chat->own);
}

const struct faults faults = {.open = start, .close = join};
