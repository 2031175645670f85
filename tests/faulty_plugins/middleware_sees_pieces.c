/* Takes a word out of the answer, but not where it is cut by an event's border. */
#include "plugin_words.h"

#include <patchbay/abi/middleware.h>

#include <stdlib.h>

struct turn {
    const patchbay_host* host;
    patchbay_stream out;
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

static patchbay_status on_events(void* state, const patchbay_event* events, uint32_t count) {
    static const char word[] = "secret";
    const struct turn* turn = state;
    const char* found = NULL;
    if (count == 1 && events->kind == PATCHBAY_EVENT_DELTA && events->text.size > 0)
        found = memmem(events->text.data, events->text.size, word, strlen(word));
    if (!found) return PATCHBAY_EVENTS_PASS;
    patchbay_event before = *events;
    patchbay_event behind = *events;
    before.text.size = (uint64_t)(found - events->text.data);
    behind.text.data = found + strlen(word);
    behind.text.size = events->text.size - before.text.size - strlen(word);
    stream_of(turn->host)->emit(turn->host, turn->out, &before, 1);
    stream_of(turn->host)->emit(turn->host, turn->out, &behind, 1);
    return PATCHBAY_EVENTS_TAKEN;
}

static const patchbay_middleware_1 middleware = {on_request, NULL, on_events, NULL, free};

PLUGIN_OF(PATCHBAY_MIDDLEWARE_1, &middleware, PATCHBAY_STREAM_1, PATCHBAY_STREAM_1);
