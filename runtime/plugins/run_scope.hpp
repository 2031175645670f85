// What an agent or a tool may ask of the run that it answers in: the engine's side of abi/chat.h,
// tools.h, approval.h and history.h.
//
// Threads    [lane]. What is asked is never answered from inside the call that asks.
// Ownership  views are borrowed until the call returns.
#pragma once

#include <patchbay/abi/approval.h>
#include <patchbay/abi/chat.h>
#include <patchbay/abi/tools.h>
#include <patchbay/error.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace patchbay::plugins {

// Something that was asked and is not answered yet.
class Pending {
public:
    // Nobody wants the answer any more: what was begun for it is stopped, and the callback goes
    // unheard. The Pending is gone, as it is when it has answered.
    virtual void drop() = 0;

    // A child may go on after on_events() said PAUSE.
    virtual void resume() {}

protected:
    virtual ~Pending() = default;
};

template <class Value>
using OnAnswered = std::move_only_function<void(Result<Value>)>;

// Hears a child.
class ChildListener {
public:
    virtual ~ChildListener() = default;
    virtual patchbay_status on_events(std::span<const patchbay_event> events) = 0;
    virtual void on_done(const patchbay_chat_end& end) = 0;  // once; the last call
};

struct ToolOutput {
    std::string call_id;
    std::string output_json;     // when there is no error
    std::optional<Error> error;  // for the model to read
};

struct Decision {
    uint32_t decision = PATCHBAY_DECISION_EXPIRED;
    std::string input_json;
    std::string by;
    std::string comment;
};

class RunScope {
public:
    // The request's views are readable, its JSON is JSON. Errors as chat.h has them.
    virtual Result<Pending*> start_child(const patchbay_chat_start& request,
                                         ChildListener& listener) = 0;

    // A JSON array, as tools.h has it.
    virtual std::shared_ptr<const std::string> tools_json() = 0;
    virtual Result<Pending*> call_tool(const patchbay_tool_start& request,
                                       OnAnswered<ToolOutput> done) = 0;

    virtual Result<Pending*> ask(const patchbay_question& question, OnAnswered<Decision> done) = 0;

    // A JSON array of messages; 0 = as many tokens as the run's model takes.
    virtual Result<Pending*> read_history(uint32_t max_tokens, OnAnswered<std::string> done) = 0;

protected:
    virtual ~RunScope() = default;
};

}  // namespace patchbay::plugins
