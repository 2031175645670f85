/* An agent that keeps the contract, but for a fault that each agent_….c beside this one plants.
 *
 * It forwards what the model says. */
#ifndef PATCHBAY_TESTS_WELL_BEHAVED_AGENT_H
#define PATCHBAY_TESTS_WELL_BEHAVED_AGENT_H

#include "plugin_words.h"

#include <patchbay/abi/agent.h>
#include <patchbay/abi/chat.h>

struct answer {
    const patchbay_host* host;
    patchbay_stream stream;
    int finished;
    const char* kept; /* of the fault */
};

/* Each may be NULL or 0: then nothing is wrong there. */
struct agent_faults {
    void (*open)(struct answer* answer, const patchbay_agent_request* request);
    void (*done)(struct answer* answer); /* before the answer is ended */
    int forgets_failures;                /* of the model */
    int ignores_cancel;
    int knows_codes_only; /* those of error.h */
};
extern const struct agent_faults faults;

#endif
