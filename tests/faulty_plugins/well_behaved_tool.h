/* A tool that keeps the contract, but for one fault that each tool_….c beside this file plants.
 *
 * Its result is a text that a job has made. */
#ifndef PATCHBAY_TESTS_WELL_BEHAVED_TOOL_H
#define PATCHBAY_TESTS_WELL_BEHAVED_TOOL_H

#include "plugin_words.h"

#include <patchbay/abi/tool.h>
#include <patchbay/abi/worker.h>

struct call {
    const patchbay_host* host;
    patchbay_stream stream;
    int finished;
    const char* result;
};

/* Each may be NULL: then nothing is wrong there. */
struct tool_faults {
    const char* result;                   /* in place of the right one; "" = none at all */
    void (*job)(struct call* call);       /* in the job */
    void (*cancelled)(struct call* call); /* right after finish(CANCELLED) */
};
extern const struct tool_faults faults;

#endif
