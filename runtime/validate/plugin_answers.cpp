// Who answers on a stream, as the fake host sees them: provider, agent, tool.
#include "runtime/validate/plugin_side.hpp"

namespace patchbay::validate {
namespace {

template <class Table>
struct Slots;  // what the functions are called in findings

template <>
struct Slots<patchbay_provider_1> {
    static constexpr const char* resume = "provider.resume";
    static constexpr const char* cancel = "provider.cancel";
    static constexpr const char* close = "provider.close";
};
template <>
struct Slots<patchbay_agent_1> {
    static constexpr const char* resume = "agent.resume";
    static constexpr const char* cancel = "agent.cancel";
    static constexpr const char* close = "agent.close";
};
template <>
struct Slots<patchbay_tool_1> {
    static constexpr const char* resume = "tool.resume";
    static constexpr const char* cancel = "tool.cancel";
    static constexpr const char* close = "tool.close";
};

template <class Table>
void resume(void* answer) {
    const auto& wrapped = *static_cast<WrappedState*>(answer);
    wrapped.session->resumed(wrapped.owner);
    call_state(answer, Slots<Table>::resume, [](void* state) { real_table<Table>->resume(state); });
}

template <class Table>
void cancel(void* answer, patchbay_reason reason) {
    call_state(answer, Slots<Table>::cancel,
               [&](void* state) { real_table<Table>->cancel(state, reason); });
}

template <class Table>
void close(void* answer) {
    end_state(answer, Slots<Table>::close, [](void* state) { real_table<Table>->close(state); });
}

// --- provider -----------------------------------------------------------------------------------
patchbay_status open_chat(void* instance, const patchbay_chat_request* request,
                          patchbay_stream stream, void** chat) {
    LentMemory lent("provider.open", session_of(instance).probe().guards_views());
    auto views = *request;
    views.model = lent.text(request->model, "request.model");
    views.messages_json = lent.text(request->messages_json, "request.messages_json");
    views.options_json = lent.text(request->options_json, "request.options_json");
    views.tools_json = lent.text(request->tools_json, "request.tools_json");
    views.prefill = lent.text(request->prefill, "request.prefill");
    views.traceparent = lent.text(request->traceparent, "request.traceparent");
    views.run_id = lent.text(request->run_id, "request.run_id");
    views.extra_json = lent.text(request->extra_json, "request.extra_json");
    const auto* view = lent.object(views, "request");
    return begin(instance, "provider.open", lent, stream, chat,
                 [&](void* real, patchbay_handle outer, void** state) {
                     return real_table<patchbay_provider_1>->open(real, view, outer, state);
                 });
}

patchbay_str models(void* instance) {
    return call_list(instance, "provider.models",
                     [](void* real) { return real_table<patchbay_provider_1>->models(real); });
}

// --- agent --------------------------------------------------------------------------------------
patchbay_status open_answer(void* instance, const patchbay_agent_request* request,
                            patchbay_stream stream, void** answer) {
    LentMemory lent("agent.open", session_of(instance).probe().guards_views());
    auto views = *request;
    views.method = lent.text(request->method, "request.method");
    views.input_json = lent.text(request->input_json, "request.input_json");
    views.model = lent.text(request->model, "request.model");
    views.options_json = lent.text(request->options_json, "request.options_json");
    views.interaction_id = lent.text(request->interaction_id, "request.interaction_id");
    views.run_id = lent.text(request->run_id, "request.run_id");
    views.owner = lent.text(request->owner, "request.owner");
    views.traceparent = lent.text(request->traceparent, "request.traceparent");
    views.extra_json = lent.text(request->extra_json, "request.extra_json");
    const auto* view = lent.object(views, "request");
    return begin(instance, "agent.open", lent, stream, answer,
                 [&](void* real, patchbay_handle outer, void** state) {
                     return real_table<patchbay_agent_1>->open(real, view, outer, state);
                 });
}

patchbay_str methods(void* instance) {
    return call_list(instance, "agent.methods",
                     [](void* real) { return real_table<patchbay_agent_1>->methods(real); });
}

// --- tool ---------------------------------------------------------------------------------------
patchbay_status call_tool(void* instance, const patchbay_tool_request* request,
                          patchbay_stream stream, void** call) {
    LentMemory lent("tool.call", session_of(instance).probe().guards_views());
    auto views = *request;
    views.name = lent.text(request->name, "request.name");
    views.arguments_json = lent.text(request->arguments_json, "request.arguments_json");
    views.call_id = lent.text(request->call_id, "request.call_id");
    views.interaction_id = lent.text(request->interaction_id, "request.interaction_id");
    views.run_id = lent.text(request->run_id, "request.run_id");
    views.owner = lent.text(request->owner, "request.owner");
    views.traceparent = lent.text(request->traceparent, "request.traceparent");
    views.extra_json = lent.text(request->extra_json, "request.extra_json");
    const auto* view = lent.object(views, "request");
    return begin(instance, "tool.call", lent, stream, call,
                 [&](void* real, patchbay_handle outer, void** state) {
                     return real_table<patchbay_tool_1>->call(real, view, outer, state);
                 });
}

patchbay_str describe(void* instance) {
    return call_list(instance, "tool.describe",
                     [](void* real) { return real_table<patchbay_tool_1>->describe(real); });
}

}  // namespace

const void* wrap_provider(const void* table) {
    static patchbay_provider_1 wrapped;
    real_table<patchbay_provider_1> = static_cast<const patchbay_provider_1*>(table);
    wrapped = {.open = &open_chat,
               .resume = &resume<patchbay_provider_1>,
               .cancel = &cancel<patchbay_provider_1>,
               .close = &close<patchbay_provider_1>,
               .models = real_table<patchbay_provider_1>->models ? &models : nullptr};
    return &wrapped;
}

const void* wrap_agent(const void* table) {
    static patchbay_agent_1 wrapped;
    real_table<patchbay_agent_1> = static_cast<const patchbay_agent_1*>(table);
    wrapped = {.open = &open_answer,
               .resume = &resume<patchbay_agent_1>,
               .cancel = &cancel<patchbay_agent_1>,
               .close = &close<patchbay_agent_1>,
               .methods = real_table<patchbay_agent_1>->methods ? &methods : nullptr};
    return &wrapped;
}

const void* wrap_tool(const void* table) {
    static constexpr patchbay_tool_1 wrapped = {.describe = &describe,
                                                .call = &call_tool,
                                                .resume = &resume<patchbay_tool_1>,
                                                .cancel = &cancel<patchbay_tool_1>,
                                                .close = &close<patchbay_tool_1>};
    real_table<patchbay_tool_1> = static_cast<const patchbay_tool_1*>(table);
    return &wrapped;
}

}  // namespace patchbay::validate
