/* Keeps its input without copying it, and reads it when its model has answered. */
#include "well_behaved_agent.h"

static void keep(struct answer* answer, const patchbay_agent_request* request) {
    answer->kept = request->input_json.data;
}

static void use(struct answer* answer) {
    const volatile char* kept = answer->kept;
    if (kept[0] == '\n')
        emit_text(answer->host, answer->stream, PATCHBAY_EVENT_STATUS, text("odd"));
}

const struct agent_faults faults = {.open = keep, .done = use};
