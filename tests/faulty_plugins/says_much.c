/* No fault: says a quarter of a MiB, when it is relentless, and pauses whenever it is told to. */
#include "well_behaved.h"

#include <stdlib.h>
#include <string.h>

enum { page_size = 1024, pages = 256 };

static patchbay_status begin(struct chat* chat, const patchbay_chat_request* request) {
    (void)request;
    chat->own = calloc(1, sizeof(int));
    return PATCHBAY_OK;
}

static void say(struct chat* chat) {
    char page[page_size + 1];
    int* said = chat->own;
    if (!chat->relentless) return;
    memset(page, 'm', page_size);
    page[page_size] = '\0';
    while (*said < pages) {
        ++*said;
        if (emit(chat, PATCHBAY_EVENT_DELTA, page) != PATCHBAY_OK) break;
    }
    chat->words = *said < pages ? 0 : 2; /* the last word comes with the last page */
}

static void end(struct chat* chat) { free(chat->own); }

const struct faults faults = {.open = begin, .word = say, .close = end};
