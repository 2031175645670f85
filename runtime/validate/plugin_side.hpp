// What the plugin's tables, as the fake host sees them, have in common: every call goes through the
// probe, and what it lends is lent for that call alone. One file a table or two.
#pragma once

#include "runtime/validate/session.hpp"

#include <functional>

namespace patchbay::validate {

// The plugin's own table; nullptr until it is wrapped. A child has one plugin.
template <class Table>
const Table* real_table = nullptr;

// What the fake host knows as the state of a chat, a check, a turn.
struct WrappedState {
    Session* session;
    void* state;
    uint64_t owner;  // as the plugin sees it
};

inline Session& session_of(void* instance) {
    return *static_cast<WrappedInstance*>(instance)->session;
}

// A call that makes a state, and may fail with a reason: open, check, on_request. `body` calls the
// plugin's function with the plugin's own instance and the handle as the plugin sees it. On success
// *state is a WrappedState, or nullptr where the plugin has none.
using BeginBody =
    std::function<patchbay_status(void* instance, patchbay_handle owner, void** state)>;
patchbay_status begin(void* instance, const char* slot, LentMemory& lent, patchbay_handle owner,
                      void** state, const BeginBody& body);

// The same for a function that has nothing to make. Notes a failure without a reason.
patchbay_status call_with_reason(Session& session, const char* slot, Tag tag, LentMemory& lent,
                                 const std::function<patchbay_status()>& body);

// A [lane] call of something that is open; end() is the one that frees it.
void call_state(void* state, const char* slot, const std::function<void(void* state)>& body);
void end_state(void* state, const char* slot, const std::function<void(void* state)>& body);

// A list that the plugin keeps: models(), methods(), describe(). [control]
patchbay_str call_list(void* instance, const char* slot,
                       const std::function<patchbay_str(void* instance)>& body);

const void* wrap_provider(const void* table);    // plugin_answers.cpp
const void* wrap_agent(const void* table);       // plugin_answers.cpp
const void* wrap_tool(const void* table);        // plugin_answers.cpp
const void* wrap_auth(const void* table);        // plugin_checks.cpp
const void* wrap_middleware(const void* table);  // plugin_checks.cpp
const void* wrap_exporter(const void* table);    // plugin_exporter.cpp

}  // namespace patchbay::validate
