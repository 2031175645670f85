#include "runtime/plugins/stream.hpp"

#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/event_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

// What a stream may emit at once, and after PAUSE: who goes beyond ignores it.
constexpr uint64_t unread_limit = 256 * 1024;
constexpr uint64_t event_cost = 64;  // of an event that nobody reads yet, beside its texts

}  // namespace

Stream::Stream(net::Lane& lane, InstanceRef instance, const StreamSlots& slots, std::string run_id,
               AnswerListener& listener, RunScope* scope)
    : Owner(lane, std::move(instance), HandleKind::stream, std::move(run_id)),
      slots_(slots),
      scope_(scope),
      listener_(&listener) {}

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
        if (bytes > unread_limit) {
            exceed("emitted more than 256 KiB at once");
            return PATCHBAY_E_LIMIT;
        }
    }
    if (paused_ && (bytes_while_paused_ += bytes + events.size() * event_cost) > unread_limit) {
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
    if (status == PATCHBAY_PAUSE) pause();
    return paused_ ? PATCHBAY_PAUSE : PATCHBAY_OK;
}

// Leaves out the events that a newer host would know.
patchbay_status Stream::deliver_known(std::span<const patchbay_event> events) {
    instance().fault("emitted an event of an unknown kind", FaultWeight::forgiven);
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
    pause_attached();
}

void Stream::resume() {
    if (!std::exchange(paused_, false) || std::exchange(resume_due_, true)) return;
    later([this] { call_resume(); });
}

void Stream::call_resume() {
    resume_due_ = false;
    if (paused_ || stage() != Stage::live) return;  // paused again: the next resume() is for that
    if (answer_) call_plugin(slots_.names->resume, [&] { slots_.resume(answer_); });
    if (!paused_) resume_attached();
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

// A plugin that left *answer NULL has no state: it gets no resume, cancel and close.
void Stream::call_cancel(patchbay_reason reason) {
    if (answer_) call_plugin(slots_.names->cancel, [&] { slots_.cancel(answer_, reason); });
}

void Stream::call_close() {
    if (answer_) call_plugin(slots_.names->close, [&] { slots_.close(answer_); });
}

}  // namespace patchbay::plugins
