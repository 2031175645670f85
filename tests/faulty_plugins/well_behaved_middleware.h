/* A middleware that keeps the contract, but for a fault that each middleware_….c beside this one
 * plants.
 *
 * It holds the last characters of the answer until more comes, as one does that looks for words. */
#ifndef PATCHBAY_TESTS_WELL_BEHAVED_MIDDLEWARE_H
#define PATCHBAY_TESTS_WELL_BEHAVED_MIDDLEWARE_H

#include "plugin_words.h"

#include <patchbay/abi/middleware.h>

#define MOST_HELD 8

/* Each may be 0: then nothing is wrong there. */
struct middleware_faults {
    int loses_held;      /* at the end */
    int cuts_characters; /* where what is held begins */
    int drops_unknown;   /* kinds of events */
    int passes_too;      /* what it has emitted */
};
extern const struct middleware_faults faults;

#endif
