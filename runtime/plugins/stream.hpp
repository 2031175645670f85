// A chat of a provider: patchbay.stream/1 towards the plugin, Chat towards the engine.
#pragma once

#include "runtime/plugins/chat.hpp"
#include "runtime/plugins/owner.hpp"

#include <optional>
#include <span>

namespace patchbay::plugins {

class Stream final : public Owner, public Chat {
public:
    Stream(net::Lane& lane, InstanceRef provider, const ChatCall& call, ChatListener& listener);

    // Chat::open(), with the provider's table at hand.
    static Result<Chat*> open(std::unique_ptr<Stream> stream, const ChatCall& call);

    // What stream.h promises.
    patchbay_status emit(std::span<const patchbay_event> events);
    patchbay_status finish(uint32_t reason, const patchbay_error* error);

    void resume() override;
    void cancel(patchbay_reason reason) override;

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

    const patchbay_provider_1& provider_;
    ChatListener* listener_;  // nullptr when it wants to hear nothing more
    void* chat_ = nullptr;
    std::optional<End> end_;  // what the listener hears, or has heard
    bool paused_ = false;
    bool resume_due_ = false;
    uint64_t bytes_while_paused_ = 0;
};

}  // namespace patchbay::plugins
