// What the host's tables, as the plugin sees them, have in common. One file a larger table.
#pragma once

#include "runtime/validate/session.hpp"

#include <patchbay/abi/timer.h>

#include <string>

namespace patchbay::validate {

// The fake host's own table.
template <class Table>
const Table* inner_table(Session& session, std::string_view id) {
    return static_cast<const Table*>(
        session.inner()->get_interface(session.inner(), {id.data(), id.size()}));
}

// A callback of the plugin's that the host will call once, through call_posted(), which frees it.
struct Posted {
    Posted(Session* owner, patchbay_posted function, void* data, const char* name)
        : session(owner), callback(function), user(data), slot(name) {}

    Session* session;
    patchbay_posted callback;
    void* user;
    const char* slot;
};
void call_posted(void* user, patchbay_status status);

// Notes a call with a dead or forged handle.
void note_stale(Probe& probe, const char* function, patchbay_status status);

// What is wrong with an error's texts, or "".
std::string flaw_of(const patchbay_error& error);

const patchbay_stream_1* wrapped_stream_table();  // host_stream.cpp
const patchbay_http_1* wrapped_http_table();      // host_http.cpp

}  // namespace patchbay::validate
