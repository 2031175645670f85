// A provider answers chat requests with streams of events.
//
// A short one writes its whole answer in open():
//
//   class Echo : public patchbay::Provider {
//   public:
//       explicit Echo(const patchbay::Host& host);
//       patchbay::Status open(const patchbay::ChatRequest& request, patchbay::Stream stream)
//       override;
//   };
//
// One that goes on later returns a Chat of its own, which hears of pause, cancel and the end.
#pragma once

#include <patchbay/plugin.hpp>
#include <patchbay/stream.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace patchbay {

// What is asked: abi/provider.h says what each field holds. Borrowed until open() returns.
struct ChatRequest {
    std::string_view model;
    std::string_view messages_json;  // an array
    std::string_view options_json;   // an object
    std::string_view tools_json;     // "" or an array
    std::string_view prefill;        // "" or how the answer begins already
    std::string_view traceparent;
    std::string_view run_id;
    std::string_view extra_json;
    int64_t deadline_ms = 0;  // Unix time; 0 = none
    uint32_t max_tokens = 0;  // 0 = the model's own
    uint32_t attempt = 1;
};

using CancelReason = patchbay_reason;  // PATCHBAY_REASON_…

// One answer that goes on after open().
//
// Life       from open() until the host closes it: its destructor is the last thing that happens,
//            after all its calls, timers and posts have completed.
// Threads    [lane]: its functions never overlap, but may come on different OS threads.
// Errors     what resume() or cancel() throws fails the stream as `internal`.
class Chat {
public:
    explicit Chat(Stream stream) noexcept : stream_(stream) {}
    virtual ~Chat() = default;
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;

    // The reader caught up after an emit returned Flow::pause: go on. One that only passes on what
    // an HTTP call brings needs none: the host holds the call.
    virtual void resume() {}

    // Stop. At most once. The host has cancelled the calls and timers already; their completions
    // still come. finish(cancelled) is owed within 5 s; this does it at once.
    virtual void cancel(CancelReason) { finish(FinishReason::cancelled); }

    const Stream& stream() const noexcept { return stream_; }
    bool finished() const noexcept { return finished_; }

    // Ends the answer. The first end counts; later ones are dropped here, so that whatever comes
    // first, an answer's end, a failure or a cancel, may call them.
    void finish(FinishReason reason) noexcept {
        if (!finish_now()) return;
        stream_.finish(reason);
    }
    void fail(const Error& error) noexcept {
        if (!finish_now()) return;
        stream_.fail(error);
    }
    void abandon(std::string_view reason) noexcept {  // after a bug: fails as `internal`
        if (!finish_now()) return;
        stream_.abandon(reason);
    }

private:
    bool finish_now() noexcept { return !std::exchange(finished_, true); }

    Stream stream_;
    bool finished_ = false;
};

// How open() went: the chat that goes on; nullptr, when finish() or fail() was called already; or
// why it cannot be answered, and then the stream must not have been written to.
using Status = Result<std::unique_ptr<Chat>>;

// Life       one per instance; open() many times, its chats live side by side.
class Provider {
public:
    virtual ~Provider() = default;

    // Starts answering, and returns at once. Several lanes may call it at the same time: what it
    // shares must be constant or locked. An answer written in here is at most 256 KiB. What it
    // throws fails it as `internal`. [lane]
    virtual Status open(const ChatRequest& request, Stream stream) = 0;

    // A JSON array, as abi/provider.h has it; "[]": any model id is accepted. Borrowed until the
    // instance is destroyed. Called once. [control]
    virtual std::string_view models() { return "[]"; }
};

namespace detail {

inline ChatRequest request_of(const patchbay_chat_request& raw) {
    return {.model = text_of(raw.model),
            .messages_json = text_of(raw.messages_json),
            .options_json = text_of(raw.options_json),
            .tools_json = text_of(raw.tools_json),
            .prefill = text_of(raw.prefill),
            .traceparent = text_of(raw.traceparent),
            .run_id = text_of(raw.run_id),
            .extra_json = text_of(raw.extra_json),
            .deadline_ms = raw.deadline_ms,
            .max_tokens = raw.max_tokens,
            .attempt = raw.attempt};
}

template <class T>
struct ProviderTable {
    static patchbay_status open(void* instance, const patchbay_chat_request* request,
                                patchbay_stream stream, void** chat) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded(
            [&]() -> patchbay_status {
                auto opened = static_cast<Provider&>(*self->plugin)
                                  .open(request_of(*request), Stream(self->host, stream));
                if (!opened) return self->host.fail(view_of(opened.error()));
                *chat = opened->release();  // close() frees it
                return PATCHBAY_OK;
            },
            [&](std::string_view reason) {
                return self->host.fail(view_of(ErrorCode::internal, reason));
            });
    }

    static void resume(void* state) noexcept {
        auto* chat = static_cast<Chat*>(state);
        if (!chat || chat->finished()) return;
        guarded([&] { chat->resume(); }, [&](std::string_view reason) { chat->abandon(reason); });
    }

    static void cancel(void* state, patchbay_reason reason) noexcept {
        auto* chat = static_cast<Chat*>(state);
        if (!chat || chat->finished()) return;
        guarded([&] { chat->cancel(reason); },
                [&](std::string_view thrown) { chat->abandon(thrown); });
    }

    static void close(void* state) noexcept { delete static_cast<Chat*>(state); }

    static patchbay_str models(void* instance) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded([&] { return view_of(static_cast<Provider&>(*self->plugin).models()); },
                       [&](std::string_view reason) {
                           self->host.log().error(reason);
                           return view_of(std::string_view("[]"));
                       });
    }

    static constexpr patchbay_provider_1 table = {
        .open = &open, .resume = &resume, .cancel = &cancel, .close = &close, .models = &models};
};

}  // namespace detail
}  // namespace patchbay
