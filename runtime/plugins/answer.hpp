// One answer of a provider, an agent or a tool: the host's side of their tables and of
// "patchbay.stream/1".
//
// The host keeps the stream's life in order (open → emit* → finish → close), runs its HTTP calls,
// timers and children, and forgives nothing silently: every fault is counted at its instance and
// logged.
#pragma once

#include "runtime/net/lane.hpp"
#include "runtime/plugins/registry.hpp"

#include <span>
#include <string>

namespace patchbay::plugins {

class RunScope;

// What a provider's open() gets: patchbay_chat_request, owned.
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

// What an agent's open() gets: patchbay_agent_request, owned.
struct AgentCall {
    std::string method;
    std::string input_json;
    std::string model;
    std::string options_json = "{}";
    std::string interaction_id;
    std::string run_id;
    std::string owner;
    std::string traceparent;
    int64_t deadline_ms = 0;
    uint32_t max_tokens = 0;
    uint32_t attempt = 1;
    uint32_t depth = 0;
};

// What a tool's call() gets: patchbay_tool_request, owned.
struct ToolCall {
    std::string name;
    std::string arguments_json;
    std::string call_id;
    std::string interaction_id;
    std::string run_id;
    std::string owner;
    std::string traceparent;
    int64_t deadline_ms = 0;
};

// Hears what a plugin answers. Called on the answer's lane.
class AnswerListener {
public:
    virtual ~AnswerListener() = default;

    // Valid events: texts are UTF-8, JSON fields are JSON. Borrowed. Returns PATCHBAY_OK
    // or PATCHBAY_PAUSE (Answer::resume() is owed); accepted in either case.
    virtual patchbay_status on_events(std::span<const patchbay_event> events) = 0;

    // The end, once; no call follows, and the Answer is gone. `reason` is PATCHBAY_FINISH_…;
    // `error` is set when it is ERROR: also when the plugin's time was up, or it broke its
    // contract. Comes on a turn of its own, never from inside a plugin's call: the next answer may
    // be opened in here.
    virtual void on_finish(uint32_t reason, const Error* error) = 0;
};

class Answer {
public:
    // Opens an answer. The listener is called from open() itself only when the plugin emits there.
    // On success the Answer is valid until on_finish() has been called, or cancel(). `scope` must
    // live as long.
    static Result<Answer*> open(net::Lane& lane, InstanceRef provider, const ChatCall& call,
                                AnswerListener& listener);
    static Result<Answer*> open(net::Lane& lane, InstanceRef agent, const AgentCall& call,
                                AnswerListener& listener, RunScope& scope);
    static Result<Answer*> open(net::Lane& lane, InstanceRef tool, const ToolCall& call,
                                AnswerListener& listener, RunScope& scope);

    // The reader caught up.
    virtual void resume() = 0;

    // No answer is wanted any more: the listener hears nothing from now on, upstreams are closed
    // and children cancelled at once, and the plugin gets its 5 s to finish. The Answer is gone for
    // the caller.
    virtual void cancel(patchbay_reason reason) = 0;

protected:
    virtual ~Answer() = default;
};

// Streams, requests and what hangs on them that are not closed yet, over all lanes. [any-thread]
size_t open_handles();

}  // namespace patchbay::plugins
