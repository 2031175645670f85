/* Has room for so many chats, and never ends what comes beyond. */
#include "well_behaved.h"

#include <stdlib.h>

#define ROOM 100

static int open_chats;

static patchbay_status take_place(struct chat* chat, const patchbay_chat_request* request) {
    (void)request;
    if (++open_chats > ROOM) chat->finished = 1; /* it believes so */
    return PATCHBAY_OK;
}

static void leave_place(struct chat* chat) {
    (void)chat;
    --open_chats;
}

const struct faults faults = {.open = take_place, .close = leave_place};
