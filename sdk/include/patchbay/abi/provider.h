/* A provider answers a chat request with a stream of events.
 *
 * Life       open → (resume | cancel)* → close, once per request; many requests at a time.
 * Threads    [lane]: calls of one chat never overlap, those of two chats may. Never block.
 * Ownership  arguments are borrowed until the call returns; copy what you keep.
 * Ending     the plugin owes exactly one finish() on the stream; then the host calls close().
 * Text       UTF-8, not NUL-terminated. */
#ifndef PATCHBAY_ABI_PROVIDER_H
#define PATCHBAY_ABI_PROVIDER_H

#include "stream.h"

#define PATCHBAY_PROVIDER_1 "patchbay.provider/1" /* frozen: a change is "patchbay.provider/2" */

typedef struct patchbay_chat_request {
    /* The model's id as this instance lists it, without the instance's name. */
    patchbay_str model;

    /* A JSON array, oldest first, already cut to the model's window: {"role": "system" | "user" |
     * "assistant" | "tool", "content": [part]}; part: {"type": "text", "text"} | {"type": "image",
     * "url", "mime"?} | {"type": "file", "url", "mime"?} | {"type": "tool_call", "id", "name",
     * "arguments"} | {"type": "tool_result", "id", "output" | "error"}; a part that came from
     * this vendor bears its "extra" again. Every tool call has its result. */
    patchbay_str messages_json;

    /* A JSON object of what the caller set: temperature, top_p, stop, seed, …; "{}" when nothing.
     * Unknown keys are ignored, or passed on to the vendor. */
    patchbay_str options_json;

    patchbay_str tools_json; /* "" or a JSON array: {"name", "description", "parameters"} */

    /* "" or the text with which the answer begins already, after a crash: go on from there, and
     * emit only what is new. Only for a model whose entry says "prefill": true. */
    patchbay_str prefill;

    patchbay_str traceparent; /* "" or W3C trace context, to be passed on */
    patchbay_str run_id;      /* for logs; 36 characters */
    patchbay_str extra_json;  /* "" or a JSON object: room to grow */
    int64_t deadline_ms;      /* Unix time; the host cancels then. 0 = none */
    uint32_t max_tokens;      /* of the answer; 0 = the model's own */
    uint32_t attempt;         /* 1, 2, … of the same run */
} patchbay_chat_request;

typedef struct patchbay_provider_1 {
    /* Starts answering `request`, writing to `stream`. Returns at once. On success *chat is the
     * plugin's own state and goes back through close(); left NULL there is none: no resume, cancel
     * or close follows. On failure (with set_error) nothing does. emit() and finish() are allowed
     * in here, with at most 256 KiB: no resume() comes meanwhile. [lane] */
    patchbay_status (*open)(void* instance, const patchbay_chat_request* request,
                            patchbay_stream stream, void** chat);

    /* The reader caught up after emit() returned PAUSE: go on. [lane] */
    void (*resume)(void* chat);

    /* Stop: the client left, the deadline passed or the server is stopping. At most once.
     * finish(CANCELLED) is still owed, within 5 s. The host has cancelled the stream's HTTP calls
     * and timers already; each still gets its completion. [lane] */
    void (*cancel)(void* chat, patchbay_reason reason);

    /* Frees the chat. Its last call; nothing of this chat is running or will follow. [lane] */
    void (*close)(void* chat);

    /* May be NULL. A JSON array, borrowed until destroy(): {"id", "context_window"?: tokens,
     * "max_output_tokens"?, "prefill"?: bool, "input_price"?, "output_price"?, "cached_price"?:
     * integer micro-dollars per 1,000,000 tokens}. An empty array: any model id is accepted.
     * Called once, after create(). [control] */
    patchbay_str (*models)(void* instance);
} patchbay_provider_1;

#endif
