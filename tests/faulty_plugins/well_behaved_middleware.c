#include "well_behaved_middleware.h"

#include <stdlib.h>

struct turn {
    const patchbay_host* host;
    patchbay_stream out;
    char* held; /* of the answer */
    uint64_t size;
};

static patchbay_status on_request(void* instance, const patchbay_turn* request,
                                  patchbay_request handle, patchbay_stream out, void** state) {
    struct turn* turn = calloc(1, sizeof(struct turn));
    (void)request;
    (void)handle;
    turn->host = instance;
    turn->out = out;
    *state = turn;
    return PATCHBAY_OK;
}

/* Shows the first `count` bytes of what is held. */
static void show(struct turn* turn, uint64_t count) {
    const patchbay_str shown = {turn->held, count};
    if (count == 0) return;
    emit_text(turn->host, turn->out, PATCHBAY_EVENT_DELTA, shown);
    turn->size -= count;
    memmove(turn->held, turn->held + count, turn->size);
}

/* Shows what is held but for the last characters. */
static void add(struct turn* turn, patchbay_str piece) {
    uint64_t count = 0;
    turn->held = realloc(turn->held, turn->size + piece.size + 1);
    if (piece.size > 0) memcpy(turn->held + turn->size, piece.data, piece.size);
    turn->size += piece.size;
    if (turn->size > MOST_HELD) count = turn->size - MOST_HELD;
    while (!faults.cuts_characters && count > 0 && (turn->held[count] & 0xC0) == 0x80) --count;
    show(turn, count);
}

static patchbay_status on_events(void* state, const patchbay_event* events, uint32_t count) {
    struct turn* turn = state;
    for (uint32_t i = 0; i < count; ++i) {
        const patchbay_event* event = &events[i];
        if (event->kind == PATCHBAY_EVENT_DELTA && event->channel == PATCHBAY_CHANNEL_ANSWER) {
            add(turn, event->text);
            continue;
        }
        if (event->kind > PATCHBAY_EVENT_CUSTOM && faults.drops_unknown) continue;
        show(turn, turn->size);
        stream_of(turn->host)->emit(turn->host, turn->out, event, 1);
    }
    return faults.passes_too ? PATCHBAY_EVENTS_PASS : PATCHBAY_EVENTS_TAKEN;
}

static void on_end(void* state, uint32_t reason) {
    struct turn* turn = state;
    (void)reason;
    if (!faults.loses_held) show(turn, turn->size);
}

static void close_turn(void* state) {
    struct turn* turn = state;
    free(turn->held);
    free(turn);
}

static const patchbay_middleware_1 middleware = {on_request, NULL, on_events, on_end, close_turn};

PLUGIN_OF(PATCHBAY_MIDDLEWARE_1, &middleware, PATCHBAY_STREAM_1, PATCHBAY_STREAM_1);
