// The three kinds of answers: how each one's request goes to its plugin.
#include "runtime/plugins/answer.hpp"

#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/stream.hpp"

#include <cassert>

namespace patchbay::plugins {
namespace {

patchbay_chat_request view_of(const ChatCall& call) {
    patchbay_chat_request request{};
    request.model = borrow(call.model);
    request.messages_json = borrow(call.messages_json);
    request.options_json = borrow(call.options_json);
    request.tools_json = borrow(call.tools_json);
    request.prefill = borrow(call.prefill);
    request.traceparent = borrow(call.traceparent);
    request.run_id = borrow(call.run_id);
    request.deadline_ms = call.deadline_ms;
    request.max_tokens = call.max_tokens;
    request.attempt = call.attempt;
    return request;
}

patchbay_agent_request view_of(const AgentCall& call) {
    patchbay_agent_request request{};
    request.method = borrow(call.method);
    request.input_json = borrow(call.input_json);
    request.model = borrow(call.model);
    request.options_json = borrow(call.options_json);
    request.interaction_id = borrow(call.interaction_id);
    request.run_id = borrow(call.run_id);
    request.owner = borrow(call.owner);
    request.traceparent = borrow(call.traceparent);
    request.deadline_ms = call.deadline_ms;
    request.max_tokens = call.max_tokens;
    request.attempt = call.attempt;
    request.depth = call.depth;
    return request;
}

patchbay_tool_request view_of(const ToolCall& call) {
    patchbay_tool_request request{};
    request.name = borrow(call.name);
    request.arguments_json = borrow(call.arguments_json);
    request.call_id = borrow(call.call_id);
    request.interaction_id = borrow(call.interaction_id);
    request.run_id = borrow(call.run_id);
    request.owner = borrow(call.owner);
    request.traceparent = borrow(call.traceparent);
    request.deadline_ms = call.deadline_ms;
    return request;
}

template <class Table>
StreamSlots slots_of(const Table& table, const StreamNames& names) {
    return {.resume = table.resume, .cancel = table.cancel, .close = table.close, .names = &names};
}

constexpr StreamNames provider_names{"provider.open", "provider.resume", "provider.cancel",
                                     "provider.close"};
constexpr StreamNames agent_names{"agent.open", "agent.resume", "agent.cancel", "agent.close"};
constexpr StreamNames tool_names{"tool.call", "tool.resume", "tool.cancel", "tool.close"};

Result<void> check_instance(const Instance& instance, const void* table, const char* kind) {
    if (!table) return failure(ErrorCode::unsupported, instance.name() + " is no " + kind);
    if (!instance.is_alive())
        return std::unexpected(Error{.code = ErrorCode::unavailable,
                                     .message = instance.name() + " was turned off",
                                     .user_safe = true});
    return {};
}

}  // namespace

Result<Answer*> Answer::open(net::Lane& lane, InstanceRef provider, const ChatCall& call,
                             AnswerListener& listener) {
    assert(lane.here());
    const auto* const table = provider->tables().provider;
    if (auto checked = check_instance(*provider, table, "provider"); !checked)
        return std::unexpected(checked.error());
    const auto request = view_of(call);
    auto* const state = provider->state();
    return Stream::open(
        std::make_unique<Stream>(lane, std::move(provider), slots_of(*table, provider_names),
                                 call.run_id, listener, nullptr),
        [&](patchbay_stream stream, void** answer) {
            return table->open(state, &request, stream, answer);
        });
}

Result<Answer*> Answer::open(net::Lane& lane, InstanceRef agent, const AgentCall& call,
                             AnswerListener& listener, RunScope& scope) {
    assert(lane.here());
    const auto* const table = agent->tables().agent;
    if (auto checked = check_instance(*agent, table, "agent"); !checked)
        return std::unexpected(checked.error());
    const auto request = view_of(call);
    auto* const state = agent->state();
    return Stream::open(
        std::make_unique<Stream>(lane, std::move(agent), slots_of(*table, agent_names), call.run_id,
                                 listener, &scope),
        [&](patchbay_stream stream, void** answer) {
            return table->open(state, &request, stream, answer);
        });
}

Result<Answer*> Answer::open(net::Lane& lane, InstanceRef tool, const ToolCall& call,
                             AnswerListener& listener, RunScope& scope) {
    assert(lane.here());
    const auto* const table = tool->tables().tool;
    if (auto checked = check_instance(*tool, table, "tool"); !checked)
        return std::unexpected(checked.error());
    const auto request = view_of(call);
    auto* const state = tool->state();
    return Stream::open(
        std::make_unique<Stream>(lane, std::move(tool), slots_of(*table, tool_names), call.run_id,
                                 listener, &scope),
        [&](patchbay_stream stream, void** answer) {
            return table->call(state, &request, stream, answer);
        });
}

}  // namespace patchbay::plugins
