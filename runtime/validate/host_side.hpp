// What the host's tables, as the plugin sees them, have in common. One file a larger table.
#pragma once

#include "runtime/validate/session.hpp"

#include <patchbay/abi/timer.h>

#include <memory>
#include <string_view>
#include <utility>

namespace patchbay::validate {

// The fake host's own table.
template <class Table>
const Table* inner_table(Session& session, std::string_view id) {
    return static_cast<const Table*>(
        session.inner()->get_interface(session.inner(), {id.data(), id.size()}));
}

// Looks at the texts that a plugin hands to a function of the host, and notes those that are not
// what they must be.
class HandedOver {
public:
    // `function` as it is named in findings: "chat.start".
    HandedOver(Probe& probe, const char* function) : probe_(probe), function_(function) {}

    HandedOver& text(patchbay_str text, const char* name);    // UTF-8
    HandedOver& object(patchbay_str text, const char* name);  // "" or a JSON object
    HandedOver& array(patchbay_str text, const char* name);   // "" or a JSON array
    HandedOver& error(const patchbay_error* error);           // may be nullptr

    bool in_order() const { return in_order_; }

private:
    HandedOver& json(patchbay_str text, const char* name, bool fits, const char* kind);
    void find(Breach breach, const char* name, const char* what);

    OwnTime own_time_;
    Probe& probe_;
    const char* function_;
    bool in_order_ = true;
};

// Notes a call with a dead or forged handle.
void note_stale(Probe& probe, const char* function, patchbay_status status);

// As lend_error(); a host of a later version says a code that nobody knows yet.
const patchbay_error* lend_failure(const Session& session, LentMemory& lent,
                                   const patchbay_error* error);

// A callback of the plugin's that the host will call once.
template <class Callback>
struct Pending {
    Session* session;
    const char* slot;  // "timer callback"
    Callback callback;
    void* user;

    // What the host hands back as `user`, to be freed when the call is over.
    static std::unique_ptr<Pending> taken(void* user) {
        return std::unique_ptr<Pending>(static_cast<Pending*>(user));
    }
    void call(LentMemory& lent, const std::function<void()>& body) const {
        session->call(slot, Tag::lane, lent, body);
    }
    bool guards_views() const { return session->probe().guards_views(); }
};

// Calls a patchbay_posted, for its Pending.
void call_posted(void* user, patchbay_status status);

// A function of the host that starts something.
struct Starting {
    const char* function;  // "timer.start"
    Refusal refusal;
    const char* refused;  // what BAD_REQUEST means here: "a delay beyond one day"
    Breach breach = Breach::bad_argument;
};

// Does what all of them have in common, but for the checks of thread and texts, which come first.
// `start` asks the fake host; what it is given is freed by the one call of the callback, or here
// when there will be none.
template <class Owned, class Start>
patchbay_status start_pending(Session& session, const Starting& starting, Owned owned,
                              Start&& start) {
    const OwnTime own_time;
    if (session.refusal() == starting.refusal) return PATCHBAY_E_LIMIT;
    auto pending = std::make_unique<Owned>(std::move(owned));
    const patchbay_status status = start(pending.get());
    if (status < 0) {
        auto& probe = session.probe();
        if (status == PATCHBAY_E_BAD_REQUEST)
            probe.find(starting.breach,
                       std::string(starting.function) + "() got " + starting.refused);
        if (status == PATCHBAY_E_UNSUPPORTED)
            probe.find(starting.breach,
                       std::string(starting.function) +
                           "() was called for an owner that has no run, and never works there");
        note_stale(probe, starting.function, status);
        return status;
    }
    pending.release();
    return status;
}

const patchbay_stream_1* wrapped_stream_table();      // host_stream.cpp
const patchbay_http_1* wrapped_http_table();          // host_http.cpp
const patchbay_chat_1* wrapped_chat_table();          // host_chat.cpp
const patchbay_tools_1* wrapped_tools_table();        // host_chat.cpp
const patchbay_history_1* wrapped_history_table();    // host_store.cpp
const patchbay_kv_1* wrapped_kv_table();              // host_store.cpp
const patchbay_worker_1* wrapped_worker_table();      // host_worker.cpp
const patchbay_approval_1* wrapped_approval_table();  // host_chat.cpp
const patchbay_metrics_1* wrapped_metrics_table();    // host_metrics.cpp

}  // namespace patchbay::validate
