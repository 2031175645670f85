// A plugin whose slots are lambdas of the test, behind real ABI tables.
#pragma once

#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/instance.hpp"
#include "tests/runtime/plugins/journal.hpp"

#include <patchbay/abi/auth.h>
#include <patchbay/abi/http.h>
#include <patchbay/abi/provider.h>

#include <functional>
#include <memory>
#include <string>

namespace patchbay::plugins {

// Each slot writes its name into the journal first, then runs its lambda.
struct Script {
    const patchbay_host* host = nullptr;
    Journal journal;
    bool leaves_state = true;  // sets *chat and *check

    std::function<patchbay_status()> on_create;
    std::function<patchbay_status(const patchbay_chat_request&, patchbay_stream)> on_open;
    std::function<void()> on_resume;
    std::function<void(patchbay_reason)> on_cancel;
    std::function<void()> on_close;
    std::function<patchbay_status(const patchbay_http_request&, patchbay_request)> on_check;

    // The host's functions, as a plugin calls them.
    patchbay_status emit(patchbay_stream stream, std::string_view text);
    patchbay_status emit(patchbay_stream stream, const patchbay_event& event);
    patchbay_status finish(patchbay_stream stream, uint32_t reason = PATCHBAY_FINISH_STOP);
    patchbay_status post(patchbay_handle owner, std::function<void(patchbay_status)> task);
    patchbay_status timer(patchbay_handle owner, uint64_t delay_us,
                          std::function<void(patchbay_status)> task, patchbay_handle& timer);
    patchbay_status allow(patchbay_request request, std::string_view owner,
                          uint32_t role = PATCHBAY_ROLE_USER);
    patchbay_status deny(patchbay_request request, patchbay_status code);
};

// A call's handler made of lambdas; lives until done(), then deletes itself.
struct ScriptedCall {
    std::function<void(uint32_t status)> head;
    std::function<void(std::string_view bytes)> data;
    std::function<void(std::string_view text)> event;
    std::function<void(const patchbay_error* error)> done;

    // http.start(). On failure it deletes itself too.
    static patchbay_status start(Script& script, patchbay_handle owner, const std::string& url,
                                 uint32_t flags, ScriptedCall call, patchbay_handle& handle);
};

// An instance of a plugin that offers both interfaces. `script` must outlive it.
InstanceRef make_instance(Script& script, const std::string& name = "scripted",
                          HostServices services = {.version = "0.0.0"});

inline patchbay_str text_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::string string_of(patchbay_str text) {
    return text.size ? std::string(text.data, text.size) : "";
}

patchbay_event delta(std::string_view text);

}  // namespace patchbay::plugins
