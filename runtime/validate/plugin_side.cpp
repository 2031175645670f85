#include "runtime/validate/plugin_side.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <memory>

namespace patchbay::validate {

patchbay_status call_with_reason(Session& session, const char* slot, Tag tag, LentMemory& lent,
                                 const std::function<patchbay_status()>& body) {
    session.expect_reason();
    patchbay_status status = PATCHBAY_E_INTERNAL;
    const bool returned = session.call(slot, tag, lent, [&] { status = body(); });
    if (status < 0 && returned && !session.reason_given())
        session.probe().find(
            Breach::no_reason,
            fmt::format("{}() failed without set_error(): nobody knows why", slot));
    return status;
}

patchbay_status begin(void* instance, const char* slot, LentMemory& lent, patchbay_handle owner,
                      void** state, const BeginBody& body) {
    auto& wrapped = *static_cast<WrappedInstance*>(instance);
    auto& session = *wrapped.session;
    const auto outer = session.outer_handle(owner);
    void* real = nullptr;
    const auto status = call_with_reason(session, slot, Tag::lane, lent,
                                         [&] { return body(wrapped.instance, outer, &real); });
    if (status >= 0 && real) *state = new WrappedState{&session, real, outer.bits};
    return status;
}

void call_state(void* state, const char* slot, const std::function<void(void*)>& body) {
    const auto& wrapped = *static_cast<WrappedState*>(state);
    LentMemory lent(slot, wrapped.session->probe().guards_views());
    wrapped.session->call(slot, Tag::lane, lent, [&] { body(wrapped.state); });
}

void end_state(void* state, const char* slot, const std::function<void(void*)>& body) {
    call_state(state, slot, body);
    delete static_cast<WrappedState*>(state);
}

patchbay_str call_list(void* instance, const char* slot,
                       const std::function<patchbay_str(void*)>& body) {
    auto& wrapped = *static_cast<WrappedInstance*>(instance);
    patchbay_str text = {};
    LentMemory lent(slot, wrapped.session->probe().guards_views());
    wrapped.session->call(slot, Tag::control, lent, [&] { text = body(wrapped.instance); });
    return text;
}

const void* wrapped_plugin_table(std::string_view id, const void* table) {
    if (id == PATCHBAY_PROVIDER_1) return wrap_provider(table);
    if (id == PATCHBAY_AGENT_1) return wrap_agent(table);
    if (id == PATCHBAY_TOOL_1) return wrap_tool(table);
    if (id == PATCHBAY_AUTH_1) return wrap_auth(table);
    if (id == PATCHBAY_MIDDLEWARE_1) return wrap_middleware(table);
    if (id == PATCHBAY_EXPORTER_1) return wrap_exporter(table);
    return nullptr;
}

}  // namespace patchbay::validate
