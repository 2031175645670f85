// An answer of a plugin: patchbay.stream/1 towards the plugin, Answer towards the engine.
#pragma once

#include "runtime/plugins/answer.hpp"
#include "runtime/plugins/owner.hpp"

#include <optional>
#include <span>

namespace patchbay::plugins {

// The plugin's functions that every kind of answer has, and what logs call them.
struct StreamNames {
    const char* open;
    const char* resume;
    const char* cancel;
    const char* close;
};

struct StreamSlots {
    void (*resume)(void* answer);
    void (*cancel)(void* answer, patchbay_reason reason);
    void (*close)(void* answer);
    const StreamNames* names;
};

class Stream final : public Owner, public Answer {
public:
    // `scope`: nullptr for a provider, which has no children.
    Stream(net::Lane& lane, InstanceRef instance, const StreamSlots& slots, std::string run_id,
           AnswerListener& listener, RunScope* scope);

    // Answer::open(): `call(stream, &answer)` is the plugin's own open().
    template <class Call>
    static Result<Answer*> open(std::unique_ptr<Stream> stream, Call&& call);

    // What stream.h promises.
    patchbay_status emit(std::span<const patchbay_event> events);
    patchbay_status finish(uint32_t reason, const patchbay_error* error);

    void resume() override;
    void cancel(patchbay_reason reason) override;
    RunScope* scope() const override { return is_live() ? scope_ : nullptr; }

private:
    struct End {
        uint32_t reason;
        std::optional<Error> error;
    };

    patchbay_status refuse(const char* problem);
    patchbay_status deliver(std::span<const patchbay_event> events);
    patchbay_status deliver_known(std::span<const patchbay_event> events);
    void pause();
    void call_resume();
    void exceed(const char* what);  // a limit: the stream fails
    void end_with(uint32_t reason, std::optional<Error> error);

    void call_cancel(patchbay_reason reason) override;
    void call_close() override;
    void on_broken(Error error) override;

    StreamSlots slots_;
    RunScope* scope_;           // goes when the stream is live no more
    AnswerListener* listener_;  // nullptr when it wants to hear nothing more
    void* answer_ = nullptr;    // the plugin's own
    std::optional<End> end_;    // what the listener hears, or has heard
    bool paused_ = false;
    bool resume_due_ = false;
    uint64_t bytes_while_paused_ = 0;
};

template <class Call>
Result<Answer*> Stream::open(std::unique_ptr<Stream> stream, Call&& call) {
    if (!stream->handle().bits) return failure(ErrorCode::unavailable, "too many open handles");
    patchbay_status status = PATCHBAY_E_INTERNAL;
    std::optional<Error> failed;
    {
        PluginCall frame(stream->instance(), stream->slots_.names->open, PluginCall::Where::lane,
                         stream->run_id());
        const bool returned =
            frame.guarded([&] { status = call(stream->handle(), &stream->answer_); });
        if (!returned || status < 0) failed = frame.error_of(status);
    }
    if (failed) {
        stream->listener_ = nullptr;
        abandon(std::move(stream));
        return std::unexpected(std::move(*failed));
    }
    auto* const answer = stream.get();
    live_on(std::move(stream));
    return answer;
}

}  // namespace patchbay::plugins
