// A tool does something for a model or an agent: it looks up, computes, acts.
//
//   class Clock : public patchbay::Tool {
//       std::string_view describe() override { return description; }
//       patchbay::task<std::string> call(patchbay::ToolRun& run) override {
//           co_return R"({"time": )" + json_quoted(now()) + "}";
//       }
//   };
//
// What call() returns is the output, JSON. What it throws is the error; the model is told its
// message when it is user_safe: `throw Failed(user_error(ErrorCode::bad_request, "…"))`.
// Limits     an output of 64 KiB, less the call's id.
#pragma once

#include <patchbay/call.hpp>
#include <patchbay/plugin.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay {

// One call of a tool: what was asked, and what may be awaited (see call.hpp). abi/tool.h says what
// each field holds; they are copies, and stay as long as the call. [lane]
class ToolRun : public Call {
public:
    ToolRun(const Host& host, patchbay_stream stream, const patchbay_tool_request& request)
        : Call(host, stream),
          name(text_of(request.name)),
          arguments_json(text_of(request.arguments_json)),
          call_id(text_of(request.call_id)),
          interaction_id(text_of(request.interaction_id)),
          run_id(text_of(request.run_id)),
          owner(text_of(request.owner)),
          traceparent(text_of(request.traceparent)),
          extra_json(text_of(request.extra_json)),
          deadline_ms(request.deadline_ms) {}

    const std::string name;
    const std::string arguments_json;  // an object, already checked against the tool's schema
    const std::string call_id;
    const std::string interaction_id;
    const std::string run_id;
    const std::string owner;
    const std::string traceparent;
    const std::string extra_json;
    const int64_t deadline_ms;  // Unix time; 0 = none

    // A text among the arguments; "" when there is none.
    std::string argument(std::string_view member) const {
        return json_text(json_member(arguments_json, member)).value_or("");
    }

    // --- for the table --------------------------------------------------------------------------
    void set_output(std::string output_json) { output_json_ = std::move(output_json); }

protected:
    void succeed() override {
        constexpr size_t most = 64 * 1024;
        if (output_json_.size() + call_id.size() > most)
            throw Failed(user_error(ErrorCode::too_large, "the tool's output is beyond 64 KiB"));
        switch (stream().tool_result(call_id, output_json_)) {
            case Flow::cancelled: throw Cancelled();
            case Flow::rejected: throw Failed(ErrorCode::internal, "the host refused the output");
            default: whole_stream().finish(FinishReason::stop);
        }
    }

private:
    std::string output_json_;
};

// Life       one per instance; many calls side by side.
class Tool {
public:
    virtual ~Tool() = default;

    // A JSON array as in abi/tool.h. Borrowed until the instance is destroyed. Called once.
    // [control]
    virtual std::string_view describe() = 0;

    // A coroutine, or what starts one; `run` lives until its frame has gone. Several lanes may call
    // it at the same time: what it shares must be constant or locked. [lane]
    virtual task<std::string> call(ToolRun& run) = 0;
};

namespace detail {

template <class T>
struct ToolTable {
    static patchbay_str describe(void* instance) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded([&] { return view_of(static_cast<Tool&>(*self->plugin).describe()); },
                       [&](std::string_view reason) {
                           self->host.log().error(reason);
                           return view_of(std::string_view("[]"));
                       });
    }

    static task<> drive(Tool& tool, ToolRun& run) { run.set_output(co_await tool.call(run)); }

    static patchbay_status call(void* instance, const patchbay_tool_request* request,
                                patchbay_stream stream, void** state) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded(
            [&]() -> patchbay_status {
                auto running = std::make_unique<Running<ToolRun>>(self->host, stream, *request);
                auto begun = drive(static_cast<Tool&>(*self->plugin), running->call);
                *state = running.get();
                running.release()->start(std::move(begun));  // close() frees it
                return PATCHBAY_OK;
            },
            [&](std::string_view reason) {
                return self->host.fail(view_of(ErrorCode::internal, reason));
            });
    }

    static constexpr patchbay_tool_1 table = {.describe = &describe,
                                              .call = &call,
                                              .resume = &Running<ToolRun>::resume,
                                              .cancel = &Running<ToolRun>::cancel,
                                              .close = &Running<ToolRun>::close};
};

}  // namespace detail
}  // namespace patchbay
