// Children of a run: a model, or another agent, asked from inside an agent or a tool.
//
// A child inherits its parent's deadline, cancellation, trace and budget.
//
// Threads    [lane].
// Ending     a child that started is heard exactly once, also when it is cancelled; never from
//            inside start_child().
// Errors     to start: stale, cancelled (the owner is ending), model_not_found, not_found (no such
//            agent), unavailable (its plugin is off), bad_request, limit, wrong_thread,
//            unsupported. Of a child: its own, or quota_exceeded (the run's tokens are used up).
// Limits     8 levels deep; 16 children of one parent at a time; 1 MiB of a text is collected.
#pragma once

#include <patchbay/completion.hpp>
#include <patchbay/json_text.hpp>
#include <patchbay/stream.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {

// Hears what a child emits. Flow::pause holds the child until resume(): an agent's call does that
// when its own reader has caught up, so `return call.stream().text(...)` is all that it takes.
using ChildEvents = std::move_only_function<Flow(std::span<const Event>)>;

// What a model is asked. Without prompt and messages: the conversation so far, as abi/chat.h has
// it, with what the asker has done since. The texts are borrowed until the call that takes them has
// returned, which copies them. (Views, because g++ 12 destroys twice what braces inside a co_await
// expression make of types that own something.)
struct ChatAsk {
    std::string_view prompt = {};         // one user message
    std::string_view system = {};         // text before all messages
    std::string_view messages_json = {};  // instead of a prompt: an array as in abi/provider.h
    std::string_view model = {};          // "instance/model" or an alias; "" = the parent's own
    std::string_view options_json = {};   // an object; "" = the parent's own
    std::string_view tools = {};          // "" or an array: what it may call; see tools_json()
    uint32_t max_tokens = 0;              // 0 = the parent's own
    bool forward = false;                 // what it says goes to the parent's stream
    bool collect = false;                 // `text` also where it is forwarded or heard
};

// What another agent is asked; borrowed as above.
struct AgentAsk {
    std::string_view agent;            // the instance's name
    std::string_view method = {};      // "" = "chat"
    std::string_view input_json = {};  // of the method
    bool forward = false;              // as above
    bool collect = false;              // as above
};

// A call that a model wants to be made.
struct WantedCall {
    std::string id;
    std::string name;
    std::string arguments_json;   // an object
    std::string extra_json = {};  // "" or an object: the vendor's own
};

// How a child ended that did not fail.
struct ChatAnswer {
    FinishReason reason = FinishReason::stop;
    std::string text = {};   // without the reasoning; when it was collected
    bool truncated = false;  // `text` is its beginning only
    std::vector<WantedCall> tool_calls = {};
    Usage usage = {};  // of the child and of its own children
};

// A running child. A value: losing it does not stop it. [lane]
class Child {
public:
    Child() = default;
    Child(const Host& host, patchbay_handle child) noexcept : host_(&host), child_(child) {}

    // Go on, after its events were answered by Flow::pause. Nothing happens when it is over.
    void resume() const noexcept {
        if (host_) host_->interfaces().chat->resume(host_->raw(), child_);
    }
    // The end follows, as cancelled. Idempotent.
    void cancel() const noexcept {
        if (host_) host_->interfaces().chat->cancel(host_->raw(), child_);
    }

private:
    const Host* host_ = nullptr;
    patchbay_handle child_ = {0};
};

namespace detail {

inline std::string message_of(std::string_view prompt) {
    return R"([{"role":"user","content":[{"type":"text","text":)" + json_quoted(prompt) + "}]}]";
}

inline Result<std::vector<WantedCall>> wanted_calls(std::string_view json) {
    std::vector<WantedCall> calls;
    if (json.empty()) return calls;
    const auto elements = json_elements(json);
    if (!elements)
        return failure(ErrorCode::upstream,
                       "the calls that the model wants cannot be read: no JSON, or too deep");
    const auto text = [](std::string_view call, std::string_view name) {
        return json_text(json_member(call, name)).value_or("");
    };
    for (const auto call : *elements)
        calls.push_back(
            {.id = text(call, "id"),
             .name = text(call, "name"),
             .arguments_json = std::string(json_member(call, "arguments").value_or("{}")),
             .extra_json = std::string(json_member(call, "extra").value_or(""))});
    return calls;
}

// What the host calls about one child.
struct ChildThunks {
    Completion<ChatAnswer> completion;
    ChildEvents heard;
    Child child;
    std::exception_ptr thrown = {};  // by `heard`: it hears nothing more

    static patchbay_status events(void* user, const patchbay_event* events,
                                  uint32_t count) noexcept {
        auto* self = static_cast<ChildThunks*>(user);
        if (!self->heard || self->thrown) return PATCHBAY_OK;
        return guarded(
            [&]() -> patchbay_status {
                const auto flow = self->heard(std::span(events, count));
                return flow == Flow::pause ? PATCHBAY_PAUSE : PATCHBAY_OK;
            },
            [&](std::string_view) -> patchbay_status {
                self->thrown = std::current_exception();
                self->child.cancel();
                return PATCHBAY_OK;
            });
    }

    static Result<ChatAnswer> answer_of(const patchbay_chat_end& end) {
        if (end.reason == PATCHBAY_FINISH_CANCELLED)
            return failure(ErrorCode::cancelled, "the child was cancelled");
        if (end.reason == PATCHBAY_FINISH_ERROR)
            return std::unexpected(end.error ? error_of(*end.error) : Error{});
        auto calls = wanted_calls(text_of(end.tool_calls_json));
        if (!calls) return std::unexpected(std::move(calls.error()));
        return ChatAnswer{.reason = static_cast<FinishReason>(end.reason),
                          .text = std::string(text_of(end.text)),
                          .truncated = end.truncated != 0,
                          .tool_calls = std::move(*calls),
                          .usage = end.usage};
    }

    static void done(void* user, const patchbay_chat_end* end) noexcept {
        const std::unique_ptr<ChildThunks> self(static_cast<ChildThunks*>(user));
        guarded(
            [&] {
                auto answer =
                    self->thrown ? std::unexpected(thrown_error(self->thrown)) : answer_of(*end);
                self->completion.done(std::move(answer));
            },
            [&](std::string_view reason) { self->completion.owner.abandon(reason); });
    }

    static constexpr patchbay_chat_handler table = {.events = &events, .done = &done};
};

// Either of the two, owned.
struct ChildRequest {
    explicit ChildRequest(const ChatAsk& ask)
        : model(ask.model),
          messages_json(ask.prompt.empty() ? std::string(ask.messages_json)
                                           : message_of(ask.prompt)),
          system(ask.system),
          options_json(ask.options_json),
          tools_json(ask.tools),
          max_tokens(ask.max_tokens),
          forward(ask.forward),
          collect(ask.collect) {}
    explicit ChildRequest(const AgentAsk& ask)
        : agent(ask.agent),
          method(ask.method),
          input_json(ask.input_json),
          forward(ask.forward),
          collect(ask.collect) {}

    patchbay_chat_start view(bool heard) const {
        patchbay_chat_start start = {};
        start.agent = view_of(std::string_view(agent));
        start.method = view_of(std::string_view(method));
        start.input_json = view_of(std::string_view(input_json));
        start.model = view_of(std::string_view(model));
        start.messages_json = view_of(std::string_view(messages_json));
        start.system = view_of(std::string_view(system));
        start.options_json = view_of(std::string_view(options_json));
        start.tools_json = view_of(std::string_view(tools_json));
        start.max_tokens = max_tokens;
        start.flags = (forward ? PATCHBAY_CHAT_FORWARD : 0) |
                      (collect || !(forward || heard) ? PATCHBAY_CHAT_COLLECT : 0);
        return start;
    }

    std::string agent, method, input_json;
    std::string model, messages_json, system, options_json, tools_json;
    uint32_t max_tokens = 0;
    bool forward = false;
    bool collect = false;
};

inline Result<Child> start_child(const Owner& owner, const ChildRequest& asked, ChildEvents events,
                                 Done<ChatAnswer> done) {
    const auto* table = owner.host().interfaces().chat;
    if (!table) return no_interface("models and agents to be asked");
    const auto request = asked.view(static_cast<bool>(events));
    std::unique_ptr<ChildThunks> thunks(new ChildThunks{
        .completion = {owner, std::move(done)}, .heard = std::move(events), .child = {}});
    patchbay_handle child = {0};
    const auto status = table->start(owner.host().raw(), owner.handle(), &request,
                                     &ChildThunks::table, thunks.get(), &child);
    if (status < 0) return failure(code_of(status), "the host refused a child");
    return thunks.release()->child = Child(owner.host(), child);  // done() frees it
}

}  // namespace detail

// Asks a model for `owner`, an agent's or a tool's stream. `events` hears what it emits, unless it
// is forwarded.
[[nodiscard]] inline Result<Child> start_child(const Owner& owner, const ChatAsk& ask,
                                               Done<ChatAnswer> done, ChildEvents events = {}) {
    return detail::start_child(owner, detail::ChildRequest(ask), std::move(events),
                               std::move(done));
}

// Asks another agent.
[[nodiscard]] inline Result<Child> start_child(const Owner& owner, const AgentAsk& ask,
                                               Done<ChatAnswer> done, ChildEvents events = {}) {
    return detail::start_child(owner, detail::ChildRequest(ask), std::move(events),
                               std::move(done));
}

}  // namespace patchbay
