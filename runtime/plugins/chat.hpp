// One answer of a provider: the host's side of "patchbay.provider/1" and "patchbay.stream/1".
//
// The host keeps the stream's life in order (open → emit* → finish → close), runs its HTTP calls
// and timers, and forgives nothing silently: every fault is counted at its instance and logged.
#pragma once

#include "runtime/net/lane.hpp"
#include "runtime/plugins/registry.hpp"

#include <span>
#include <string>

namespace patchbay::plugins {

// What open() gets: patchbay_chat_request, owned.
struct ChatCall {
    std::string model;
    std::string messages_json;
    std::string options_json = "{}";
    std::string tools_json;
    std::string prefill;
    std::string traceparent;
    std::string run_id;
    int64_t deadline_ms = 0;
    uint32_t max_tokens = 0;
    uint32_t attempt = 1;
};

// Hears what the provider says. Called on the chat's lane.
class ChatListener {
public:
    virtual ~ChatListener() = default;

    // Valid events: texts are UTF-8, JSON fields are JSON. Borrowed. Returns PATCHBAY_OK,
    // PATCHBAY_PAUSE (accepted; Chat::resume() is owed) or PATCHBAY_E_LIMIT (dropped).
    virtual patchbay_status on_events(std::span<const patchbay_event> events) = 0;

    // The end, once; no call follows, and the Chat is gone. `reason` is PATCHBAY_FINISH_…; `error`
    // is set when it is ERROR: also when the plugin's time was up, or it broke its contract. Comes
    // on a turn of its own, never from inside a plugin's call: the next chat may be opened in here.
    virtual void on_finish(uint32_t reason, const Error* error) = 0;
};

class Chat {
public:
    // Opens a chat. The listener is called from open() itself only when the plugin emits there. On
    // success the Chat is valid until on_finish() has been called, or cancel().
    static Result<Chat*> open(net::Lane& lane, InstanceRef provider, const ChatCall& call,
                              ChatListener& listener);

    // The reader caught up.
    virtual void resume() = 0;

    // No answer is wanted any more: the listener hears nothing from now on, the upstream is closed
    // at once, and the plugin gets its 5 s to finish. The Chat is gone for the caller.
    virtual void cancel(patchbay_reason reason) = 0;

protected:
    virtual ~Chat() = default;
};

// Chats, checks and calls that are not closed yet, over all lanes. [any-thread]
size_t open_handles();

}  // namespace patchbay::plugins
