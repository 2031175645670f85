// An agent answers by whatever it takes: models, tools, other agents, code of its own.
//
//   class Summarize : public patchbay::Agent {
//       patchbay::task<> run(patchbay::AgentCall& call) override {
//           const auto facts = co_await call.chat({.prompt = "List the facts: " + call.text()});
//           co_await call.chat({.prompt = "One sentence from: " + facts.text, .forward = true});
//       }
//   };
//
// What run() throws ends the answer; so does a child that failed, unless it is caught. Several at
// once: when_all(), or tools().
#pragma once

#include <patchbay/call.hpp>
#include <patchbay/history.hpp>
#include <patchbay/plugin.hpp>
#include <patchbay/tools.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {

// One call of an agent: what was asked, and all that may be awaited (see call.hpp too). abi/agent.h
// says what each field holds; they are copies, and stay as long as the call. [lane]
class AgentCall : public Call {
public:
    AgentCall(const Host& host, patchbay_stream stream, const patchbay_agent_request& request)
        : Call(host, stream),
          method(text_of(request.method)),
          input_json(text_of(request.input_json)),
          model(text_of(request.model)),
          options_json(text_of(request.options_json)),
          interaction_id(text_of(request.interaction_id)),
          run_id(text_of(request.run_id)),
          owner(text_of(request.owner)),
          traceparent(text_of(request.traceparent)),
          extra_json(text_of(request.extra_json)),
          deadline_ms(request.deadline_ms),
          max_tokens(request.max_tokens),
          attempt(request.attempt),
          depth(request.depth) {}

    const std::string method;  // "chat", or another one of methods()
    const std::string input_json;
    const std::string model;
    const std::string options_json;
    const std::string interaction_id;
    const std::string run_id;
    const std::string owner;
    const std::string traceparent;
    const std::string extra_json;
    const int64_t deadline_ms;  // Unix time; 0 = none
    const uint32_t max_tokens;
    const uint32_t attempt;
    const uint32_t depth;

    // A text member of the input; "" when there is none.
    std::string input(std::string_view name) const {
        return json_text(json_member(input_json, name)).value_or("");
    }

    // The texts of a chat's message, joined.
    std::string text() const {
        std::string joined;
        const auto parts = json_elements(json_member(input_json, "content"));
        for (const auto part : parts.value_or(std::vector<std::string_view>()))
            if (json_text(json_member(part, "type")) == "text")
                joined += json_text(json_member(part, "text")).value_or("");
        return joined;
    }

    // The tools of this run, for ChatAsk::tools.
    std::string tools_json() const { return value_or_raise(tools_of(stream())); }

    // Has a tool called. One that fails, does not exist or was forbidden gives an answer with an
    // error, and throws nothing.
    task<ToolAnswer> tool(const WantedCall& call) { return call_tool(call); }
    task<ToolAnswer> tool(WantedCall&&) = delete;  // a variable, please: see ChatAsk
    task<ToolAnswer> tool(std::string_view name, std::string_view arguments_json = "{}") {
        WantedCall call;
        call.name = name;
        call.arguments_json = arguments_json;
        return call_tool(std::move(call));
    }

    // What a model wanted, side by side, 16 at a time; the answers in the order of the calls.
    task<std::vector<ToolAnswer>> tools(std::initializer_list<WantedCall>) = delete;  // as above
    task<std::vector<ToolAnswer>> tools(std::vector<WantedCall> calls) {
        constexpr size_t at_a_time = 16;
        std::vector<ToolAnswer> answers;
        for (size_t next = 0; next < calls.size(); next += at_a_time) {
            std::vector<task<ToolAnswer>> some;
            for (size_t i = next; i < calls.size() && i < next + at_a_time; ++i)
                some.push_back(call_tool(std::move(calls[i])));
            for (auto& answer : co_await when_all(std::move(some)))
                answers.push_back(std::move(answer));
        }
        co_return answers;
    }

    // The messages so far, a JSON array: see history.hpp.
    task<std::string> history(uint32_t most_tokens = 0) {
        co_return co_await Awaited<std::string>(
            [&](auto done) { return read_history(stream(), most_tokens, std::move(done)); });
    }

    // How the answer ends when run() has returned; stop, unless it is said. A child's reason that
    // only a later host knows is stop, too: a host takes no finish() with one.
    void end_as(FinishReason reason) noexcept {
        const bool known = reason >= FinishReason::stop && reason <= FinishReason::cancelled;
        reason_ = known ? reason : FinishReason::stop;
    }

protected:
    void succeed() override { whole_stream().finish(reason_); }

private:
    task<ToolAnswer> call_tool(WantedCall call) {
        co_return co_await Awaited<ToolAnswer>([&](auto done) -> Result<void> {
            auto started = start_tool(stream(), call, std::move(done));
            if (!started) return std::unexpected(std::move(started.error()));
            return {};
        });
    }

    FinishReason reason_ = FinishReason::stop;
};

// Life       one per instance; many calls side by side.
class Agent {
public:
    virtual ~Agent() = default;

    // A coroutine, or what starts one; the call lives until its frame has gone. Several lanes may
    // call it at the same time: what it shares must be constant or locked. [lane]
    virtual task<> run(AgentCall& call) = 0;

    // A JSON array as in abi/agent.h; who has none answers "chat" alone. Borrowed until the
    // instance is destroyed. Called once. [control]
    virtual std::string_view methods() { return "[]"; }
};

namespace detail {

template <class T>
struct AgentTable {
    // What a run() throws that is no coroutine, or returns empty, ends as in one.
    static task<> drive(Agent& agent, AgentCall& call) {
        auto begun = agent.run(call);
        if (begun) co_await begun;
    }

    static patchbay_status open(void* instance, const patchbay_agent_request* request,
                                patchbay_stream stream, void** answer) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded(
            [&]() -> patchbay_status {
                auto running = std::make_unique<Running<AgentCall>>(self->host, stream, *request);
                auto begun = drive(static_cast<Agent&>(*self->plugin), running->call);
                *answer = running.get();
                running.release()->start(std::move(begun));  // close() frees it
                return PATCHBAY_OK;
            },
            [&](std::string_view reason) {
                return self->host.fail(view_of(ErrorCode::internal, reason));
            });
    }

    static patchbay_str methods(void* instance) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded([&] { return view_of(static_cast<Agent&>(*self->plugin).methods()); },
                       [&](std::string_view reason) {
                           self->host.log().error(reason);
                           return view_of(std::string_view("[]"));
                       });
    }

    // NULL where the class has none of its own.
    static constexpr bool has_methods = !requires {
        requires std::same_as<decltype(&T::methods), decltype(&Agent::methods)>;
    };

    static constexpr patchbay_agent_1 table = {.open = &open,
                                               .resume = &Running<AgentCall>::resume,
                                               .cancel = &Running<AgentCall>::cancel,
                                               .close = &Running<AgentCall>::close,
                                               .methods = has_methods ? &methods : nullptr};
};

}  // namespace detail
}  // namespace patchbay
