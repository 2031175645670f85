#include "runtime/plugins/stream.hpp"

#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/event_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace patchbay::plugins {
namespace {

// What a stream may emit after PAUSE: who goes beyond ignores it.
constexpr uint64_t paused_limit = 256 * 1024;

patchbay_chat_request view_of(const ChatCall& call) {
    patchbay_chat_request request{};
    request.model = borrow(call.model);
    request.messages_json = borrow(call.messages_json);
    request.options_json = borrow(call.options_json);
    request.tools_json = borrow(call.tools_json);
    request.prefill = borrow(call.prefill);
    request.traceparent = borrow(call.traceparent);
    request.run_id = borrow(call.run_id);
    request.deadline_ms = call.deadline_ms;
    request.max_tokens = call.max_tokens;
    request.attempt = call.attempt;
    return request;
}

}  // namespace

Result<Chat*> Chat::open(net::Lane& lane, InstanceRef provider, const ChatCall& call,
                         ChatListener& listener) {
    assert(lane.here());
    if (!provider->provider())
        return failure(ErrorCode::unsupported, provider->name() + " is no provider");
    if (!provider->is_alive())
        return failure(ErrorCode::unavailable, provider->name() + " was turned off");
    auto stream = std::make_unique<Stream>(lane, std::move(provider), call, listener);
    if (!stream->handle().bits) return failure(ErrorCode::unavailable, "too many open handles");
    return Stream::open(std::move(stream), call);
}

Stream::Stream(net::Lane& lane, InstanceRef provider, const ChatCall& call, ChatListener& listener)
    : Owner(lane, provider, HandleKind::stream, call.run_id),
      provider_(*provider->provider()),
      listener_(&listener) {}

Result<Chat*> Stream::open(std::unique_ptr<Stream> stream, const ChatCall& call) {
    const auto request = view_of(call);
    patchbay_status status = PATCHBAY_E_INTERNAL;
    std::optional<Error> failed;
    {
        PluginCall frame(stream->instance(), "provider.open", PluginCall::Where::lane,
                         stream->run_id());
        const bool returned = frame.guarded([&] {
            status = stream->provider_.open(stream->instance().state(), &request, stream->handle(),
                                            &stream->chat_);
        });
        if (!returned || status < 0) failed = frame.error_of(status);
    }
    if (failed) {
        stream->listener_ = nullptr;
        abandon(std::move(stream));
        return std::unexpected(std::move(*failed));
    }
    auto* const chat = stream.get();
    live_on(std::move(stream));
    return chat;
}

// --- events -------------------------------------------------------------------------------------

patchbay_status Stream::emit(std::span<const patchbay_event> events) {
    if (stage() == Stage::over) {
        instance().fault("called emit() after finish()");
        return PATCHBAY_E_BAD_STATE;
    }
    if (stage() == Stage::cancelling) return PATCHBAY_E_CANCELLED;

    uint64_t bytes = 0;
    bool all_known = true;
    for (const auto& event : events) {
        if (!is_known_kind(event.kind)) {
            all_known = false;
            continue;
        }
        if (const auto* const problem = problem_of(event)) return refuse(problem);
        bytes += text_bytes(event);
    }
    if (paused_ && (bytes_while_paused_ += bytes) > paused_limit) {
        exceed("emitted more than 256 KiB after PAUSE");
        return PATCHBAY_E_LIMIT;
    }
    return all_known ? deliver(events) : deliver_known(events);
}

patchbay_status Stream::refuse(const char* problem) {
    instance().fault(fmt::format("emitted {}", problem));
    return PATCHBAY_E_BAD_REQUEST;
}

patchbay_status Stream::deliver(std::span<const patchbay_event> events) {
    if (events.empty()) return paused_ ? PATCHBAY_PAUSE : PATCHBAY_OK;
    const auto status = listener_->on_events(events);
    if (stage() != Stage::live) return PATCHBAY_E_CANCELLED;  // the listener cancelled meanwhile
    if (status < 0) {
        exceed("emitted more than the answer's reader may hold");
        return PATCHBAY_E_LIMIT;
    }
    if (status == PATCHBAY_PAUSE) pause();
    return paused_ ? PATCHBAY_PAUSE : PATCHBAY_OK;
}

// Leaves out the events that a newer host would know.
patchbay_status Stream::deliver_known(std::span<const patchbay_event> events) {
    instance().fault("emitted an event of an unknown kind");
    const auto known = [](const patchbay_event& event) { return is_known_kind(event.kind); };
    auto status = deliver({});
    while (status >= 0) {
        const auto first = std::find_if(events.begin(), events.end(), known);
        if (first == events.end()) break;
        const auto last = std::find_if_not(first, events.end(), known);
        status = deliver({first, last});
        events = {last, events.end()};
    }
    return status;
}

// --- pausing ------------------------------------------------------------------------------------

void Stream::pause() {
    if (std::exchange(paused_, true)) return;
    bytes_while_paused_ = 0;
    pause_calls();
}

void Stream::resume() {
    if (!std::exchange(paused_, false) || std::exchange(resume_due_, true)) return;
    later([this] { call_resume(); });
}

void Stream::call_resume() {
    resume_due_ = false;
    if (paused_ || stage() != Stage::live) return;  // paused again: the next resume() is for that
    if (chat_) call_plugin("provider.resume", [&] { provider_.resume(chat_); });
    if (!paused_) resume_calls();
}

// --- the end ------------------------------------------------------------------------------------

patchbay_status Stream::finish(uint32_t reason, const patchbay_error* error) {
    if (stage() == Stage::over) {
        instance().fault("called finish() twice");
        return PATCHBAY_E_BAD_STATE;
    }
    const bool known = reason >= PATCHBAY_FINISH_STOP && reason <= PATCHBAY_FINISH_ERROR;
    if (!known) {
        instance().fault(fmt::format("finished with the unknown reason {}", reason));
        end_with(PATCHBAY_FINISH_ERROR,
                 Error{.message = instance().name() + " finished with an unknown reason"});
    } else if (reason == PATCHBAY_FINISH_ERROR) {
        end_with(reason, error
                             ? copy_of(*error)
                             : Error{.message = instance().name() + " failed without saying why"});
    } else {
        end_with(reason, std::nullopt);
    }
    end();
    return known ? PATCHBAY_OK : PATCHBAY_E_BAD_REQUEST;
}

// The listener hears of it on a later turn, so that it may open the next chat right there; also
// open() itself has returned by then.
void Stream::end_with(uint32_t reason, std::optional<Error> error) {
    if (end_) return;  // it failed before, and that counts
    end_ = End{reason, std::move(error)};
    later([this] {
        auto* const listener = std::exchange(listener_, nullptr);
        if (listener) listener->on_finish(end_->reason, end_->error ? &*end_->error : nullptr);
    });
}

void Stream::exceed(const char* what) {
    instance().fault(what);
    on_broken({.code = ErrorCode::limit, .message = instance().name() + " " + what});
}

void Stream::on_broken(Error error) {
    end_with(PATCHBAY_FINISH_ERROR, std::move(error));
    cancel_plugin(PATCHBAY_REASON_OVERRUN);
}

void Stream::cancel(patchbay_reason reason) {
    listener_ = nullptr;
    cancel_plugin(reason);
}

// A plugin that left *chat NULL has no state: it gets no resume, cancel and close.
void Stream::call_cancel(patchbay_reason reason) {
    if (chat_) call_plugin("provider.cancel", [&] { provider_.cancel(chat_, reason); });
}

void Stream::call_close() {
    if (chat_) call_plugin("provider.close", [&] { provider_.close(chat_); });
}

}  // namespace patchbay::plugins
