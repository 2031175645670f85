/* Ends as it was told to, and has one more word behind that. */
#include "well_behaved_tool.h"

static void go_on(struct call* call) {
    emit_text(call->host, call->stream, PATCHBAY_EVENT_STATUS, text("still at it"));
}

const struct tool_faults faults = {.cancelled = go_on};
