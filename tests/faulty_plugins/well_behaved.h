/* A provider that keeps the contract, but for one fault that each file beside this one plants.
 *
 * It tells three words, one each millisecond. */
#ifndef PATCHBAY_TESTS_WELL_BEHAVED_H
#define PATCHBAY_TESTS_WELL_BEHAVED_H

#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct instance {
    const patchbay_host* host;
    const patchbay_stream_1* stream;
    const patchbay_timer_1* timer;
};

struct chat {
    const struct instance* instance;
    patchbay_stream stream;
    int words;      /* told so far */
    int waiting;    /* for the timer */
    int finished;   /* finish() was called */
    void* own;      /* of the fault */
    int relentless; /* the model's name: the fault is at its worst */
};

/* Each may be NULL or 0: then nothing is wrong there. */
struct faults {
    /* In open(), with its request. A failure is returned, as it is. */
    patchbay_status (*open)(struct chat* chat, const patchbay_chat_request* request);
    void (*word)(struct chat* chat);         /* in the timer's callback, before a word */
    void (*after_finish)(struct chat* chat); /* right after finish(STOP) */
    void (*close)(struct chat* chat);        /* before the chat is freed */
    patchbay_status (*create)(const patchbay_host* host, patchbay_str config_json);
    void (*destroy)(void); /* before the instance is freed */
    const char* models;    /* what models() lists; NULL = any */
    int never_finishes;
    int ignores_cancel;
    int ignores_pause;
};
extern const struct faults faults;

patchbay_str text(const char* characters);
patchbay_status emit(struct chat* chat, uint32_t kind, const char* characters);
void finish(struct chat* chat, uint32_t reason);
patchbay_status refuse(const patchbay_host* host, patchbay_status code, const char* reason);

#ifdef __cplusplus
}
#endif

#endif
