/* Says what it is doing from its job, which is on no lane. */
#include "well_behaved_tool.h"

static void tell(struct call* call) {
    emit_text(call->host, call->stream, PATCHBAY_EVENT_STATUS, text("working"));
}

const struct tool_faults faults = {.job = tell};
