// The tools of a run, and how an agent has one called.
//
// Threads    [lane].
// Ending     a call that started is heard exactly once, also when it is cancelled.
// Errors     to start: stale, cancelled (the owner is ending), bad_request, limit, wrong_thread,
//            unsupported. A tool that fails, does not exist or was forbidden is no such failure: it
//            is an answer with an error, for the model to read.
// Limits     16 calls of one owner at a time; 256 of one run.
#pragma once

#include <patchbay/chat.hpp>

#include <optional>
#include <string>
#include <utility>

namespace patchbay {

// What came of a call: an output, or an error to be told to the model.
struct ToolAnswer {
    std::string call_id;
    std::string output_json = {};     // when there is no error
    std::optional<Error> error = {};  // forbidden: somebody who was asked said no
};

// A tool's call that runs. A value: losing it does not stop it. [lane]
class RunningTool {
public:
    RunningTool(const Host& host, patchbay_handle call) noexcept : host_(&host), call_(call) {}

    // The end follows, as cancelled. Idempotent; nothing happens when it is over.
    void cancel() const noexcept { host_->interfaces().tools->cancel(host_->raw(), call_); }

private:
    const Host* host_;
    patchbay_handle call_;
};

// The tools that this run may use: a JSON array, as ChatAsk::tools takes it.
[[nodiscard]] inline Result<std::string> tools_of(const Owner& owner) {
    const auto* table = owner.host().interfaces().tools;
    if (!table) return detail::no_interface("tools");
    patchbay_str tools = {};
    const auto status = table->list(owner.host().raw(), owner.handle(), &tools);
    if (status < 0) return failure(code_of(status), "the host refused the list of tools");
    return std::string(text_of(tools));
}

namespace detail {

inline void tool_done(void* user, const patchbay_tool_end* end) noexcept {
    Completion<ToolAnswer>::deliver(user, [end]() -> Result<ToolAnswer> {
        if (end->error && end->error->code == PATCHBAY_E_CANCELLED)
            return std::unexpected(error_of(*end->error));
        ToolAnswer answer = {.call_id = std::string(text_of(end->call_id)),
                             .output_json = std::string(text_of(end->output_json))};
        if (end->error) answer.error = error_of(*end->error);
        return answer;
    });
}

}  // namespace detail

// Has a tool called for `owner`, an agent's stream. A call with an empty id gets one of the host's.
[[nodiscard]] inline Result<RunningTool> start_tool(const Owner& owner, const WantedCall& call,
                                                    Done<ToolAnswer> done) {
    const auto* table = owner.host().interfaces().tools;
    if (!table) return detail::no_interface("tools");
    patchbay_tool_start request = {};
    request.name = view_of(std::string_view(call.name));
    request.arguments_json = view_of(std::string_view(call.arguments_json));
    request.call_id = view_of(std::string_view(call.id));
    request.extra_json = view_of(std::string_view(call.extra_json));
    patchbay_handle handle = {0};
    const auto started = detail::start_completion<ToolAnswer>(
        owner, std::move(done), "a tool call", [&](void* user) {
            return table->call(owner.host().raw(), owner.handle(), &request, &detail::tool_done,
                               user, &handle);
        });
    if (!started) return std::unexpected(started.error());
    return RunningTool(owner.host(), handle);
}

}  // namespace patchbay
