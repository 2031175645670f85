/* Goes on when it is told to pause; relentless, by half a MiB a word. */
#include "well_behaved.h"

#include <string.h>

static void flood(struct chat* chat) {
    static const char line[] = "All work and no play makes Jack a dull boy. ";
    char page[16 * sizeof line] = "";
    if (!chat->relentless) return;
    for (int i = 0; i < 15; ++i) strcat(page, line);
    for (int i = 0; i < 1000; ++i) emit(chat, PATCHBAY_EVENT_DELTA, page);
}

const struct faults faults = {.word = flood, .ignores_pause = 1};
