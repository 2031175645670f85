/* Keeps the word of its instances in a global, and frees it with the first one that goes. */
#include "well_behaved.h"

#include <stdlib.h>
#include <string.h>

static char* word_of_all;

static patchbay_status keep_word(const patchbay_host* host, patchbay_str config_json) {
    (void)host;
    (void)config_json;
    if (!word_of_all) word_of_all = strdup("shared ");
    return PATCHBAY_OK;
}

static void tell_it(struct chat* chat) { emit(chat, PATCHBAY_EVENT_DELTA, word_of_all); }

static void free_word(void) {
    free(word_of_all);
    word_of_all = NULL;
}

const struct faults faults = {.create = keep_word, .word = tell_it, .destroy = free_word};
