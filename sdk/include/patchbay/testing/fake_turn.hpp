// One turn that passes a middleware under test: the verdict about the request, then its events.
#pragma once

#include <patchbay/abi/middleware.h>
#include <patchbay/error.hpp>
#include <patchbay/testing/fake_stream.hpp>
#include <patchbay/testing/lent_text.hpp>
#include <patchbay/view.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::testing {

// As patchbay_change, owned.
struct RecordedChange {
    std::string content_json = {};
    std::string input_json = {};
    std::string options_json = {};
    std::string model = {};
    std::string system = {};
    std::string answer = {};
    std::string extra_json = {};
};

// Where a middleware's own events go.
class FakeTurnOut : public FakeSink {
public:
    using FakeSink::FakeSink;

    patchbay_status emit(const patchbay_event* events, uint32_t count) override {
        if (const auto status = usable("emit"); status != PATCHBAY_OK) return status;
        if (!inside) {
            lane_.fault("emit outside of on_events and on_end");
            return PATCHBAY_E_BAD_STATE;
        }
        constexpr uint64_t max_call_bytes = 1024 * 1024;
        for (uint32_t i = 0; i < count; ++i) {
            const auto& event = events[i];
            if (!may_go_on(event)) continue;
            bytes += event.text.size + event.name.size + event.id.size + event.extra_json.size;
            if (const char* flaw = flaw_of(event)) {
                lane_.fault(std::string("emit of ") + flaw);
                return PATCHBAY_E_BAD_REQUEST;
            }
        }
        if (bytes > max_call_bytes) {
            lane_.fault("emit of more than 1 MiB in one call");
            return PATCHBAY_E_LIMIT;
        }
        for (uint32_t i = 0; i < count; ++i)
            if (may_go_on(events[i])) taken.push_back(recorded(events[i], lane_.turns.now()));
        return PATCHBAY_OK;
    }
    patchbay_status finish(uint32_t, const patchbay_error*) override {
        lane_.fault("a middleware that finishes");
        return PATCHBAY_E_STALE;
    }

    bool inside = false;               // of on_events() or on_end()
    std::set<uint32_t> given;          // kinds of events that it got: those it may relay
    uint64_t bytes = 0;                // of what was emitted in this call
    std::vector<RecordedEvent> taken;  // what was emitted, until the turn takes it
    void end() {                       // with its turn
        opened_ = over_ = true;
        close_when_idle();
    }

private:
    bool ended() const override { return over_; }
    void close() override {}

    // A newer host knows more kinds than this header.
    bool may_go_on(const patchbay_event& event) const {
        return is_known(event) || given.contains(event.kind);
    }

    bool over_ = false;
};

class FakeTurn : public FakeOwner {
public:
    using FakeOwner::FakeOwner;

    // --- the verdict ----------------------------------------------------------------------------
    bool decided() const { return decided_; }
    bool passed() const { return decided_ && !refused_; }
    const RecordedChange& change() const { return change_; }  // empty where nothing was changed
    const std::optional<Error>& refused() const { return refused_; }

    // --- the answer -----------------------------------------------------------------------------
    // The agent emits this batch. False when the middleware failed, and the run with it.
    bool send(const std::vector<patchbay_event>& events);

    // The same, of one delta.
    bool send_text(const std::string& text, uint32_t channel = PATCHBAY_CHANNEL_ANSWER) {
        LentText lent;
        patchbay_event event = {};
        event.kind = PATCHBAY_EVENT_DELTA;
        event.channel = channel;
        event.text = lent.lend(text);
        return send({event});
    }

    // The answer ends; close() follows.
    void end(uint32_t reason = PATCHBAY_FINISH_STOP);

    // What went on, in order: passed or emitted by the middleware.
    const std::vector<RecordedEvent>& shown() const { return shown_; }
    std::string text(uint32_t channel = PATCHBAY_CHANNEL_ANSWER) const {
        return text_in(shown_, channel);
    }
    const std::optional<Error>& failed() const { return failed_; }

    // No verdict is wanted any more; nobody gets in.
    void cancel(patchbay_reason reason = PATCHBAY_REASON_GONE) {
        if (decided_ || std::exchange(cancelled_, true) || !hold()) return;
        lane_.turns.add([this, reason] {
            if (state_ && functions_->cancel) functions_->cancel(state_, reason);
            out_->end();
            release();
        });
        if (on_cancel) on_cancel();  // after it, so that the plugin hears cancel() first
    }

    // --- for the fake host ----------------------------------------------------------------------
    bool has_input = false;
    std::function<void()> on_cancel;                   // cancels what hangs on it
    std::function<std::optional<Error>()> take_error;  // what was given to set_error()

    void asked(const patchbay_middleware_1* functions, FakeTurnOut* out, patchbay_status status,
               void* state) {
        functions_ = functions;
        out_ = out;
        state_ = state;
        opened_ = true;
        if (refused_) out_->end();  // in there, before there was one
        if (status < 0) {
            auto error = take_error();
            if (!error) lane_.fault("on_request failed without set_error");
            refuse(error.value_or(Error{.code = code_of(status), .message = {}}));
        } else if (status != PATCHBAY_OK && status != PATCHBAY_PENDING) {
            lane_.fault("on_request returned an unknown status");
            refuse({.code = ErrorCode::internal, .message = "no clear answer"});
        } else if (status == PATCHBAY_PENDING && !decided_) {
            lane_.turns.add([this] { give_up(); }, std::chrono::seconds(5));
        } else {
            decided_ = true;
        }
        close_when_idle();
    }

    patchbay_status complete(const patchbay_verdict* verdict) {
        if (const auto status = usable("complete"); status != PATCHBAY_OK) return status;
        if (cancelled_) return PATCHBAY_OK;  // allowed, and ignored
        if (decided_) {
            lane_.fault("a second verdict");
            return PATCHBAY_E_BAD_STATE;
        }
        if (const char* flaw = flaw_of(*verdict)) {
            lane_.fault(flaw);
            refuse({.code = ErrorCode::internal, .message = "no verdict"});
            close_when_idle();
            return PATCHBAY_E_BAD_REQUEST;
        }
        if (verdict->deny) {
            refuse(error_of(*verdict->deny));
        } else {
            const auto& change = *verdict->change;
            change_ = {.content_json = std::string(text_of(change.content_json)),
                       .input_json = std::string(text_of(change.input_json)),
                       .options_json = std::string(text_of(change.options_json)),
                       .model = std::string(text_of(change.model)),
                       .system = std::string(text_of(change.system)),
                       .answer = std::string(text_of(change.answer)),
                       .extra_json = std::string(text_of(change.extra_json))};
            decided_ = true;
        }
        close_when_idle();
        return PATCHBAY_OK;
    }

private:
    bool ended() const override { return refused_ || over_ || cancelled_; }
    void close() override {
        if (state_) functions_->close(state_);
    }

    const char* flaw_of(const patchbay_verdict& verdict) const {
        if (verdict.allow || (verdict.change != nullptr) == (verdict.deny != nullptr))
            return "a verdict that neither changes nor refuses, or both";
        if (verdict.change && verdict.change->input_json.size > 0 && !has_input)
            return "an input for a turn that has none";
        return nullptr;
    }

    void refuse(Error error) {
        refused_ = std::move(error);
        decided_ = true;
        if (out_) out_->end();
    }

    void give_up() {
        if (decided_ || ended()) return;
        lane_.fault("no verdict within 5 s");
        cancel(PATCHBAY_REASON_DEADLINE);
    }

    void take() {
        for (auto& event : std::exchange(out_->taken, {})) shown_.push_back(std::move(event));
    }

    const patchbay_middleware_1* functions_ = nullptr;
    FakeTurnOut* out_ = nullptr;
    void* state_ = nullptr;
    bool decided_ = false;
    bool over_ = false;
    RecordedChange change_;
    std::optional<Error> refused_;
    std::optional<Error> failed_;
    std::vector<RecordedEvent> shown_;
};

inline bool FakeTurn::send(const std::vector<patchbay_event>& events) {
    if (failed_ || !passed() || over_) return false;
    patchbay_status status = PATCHBAY_EVENTS_PASS;
    if (state_ && functions_->on_events) {
        out_->inside = true;
        out_->bytes = 0;
        for (const auto& event : events) out_->given.insert(event.kind);
        status = functions_->on_events(state_, events.data(), static_cast<uint32_t>(events.size()));
        out_->inside = false;
    }
    const bool unknown = status > PATCHBAY_EVENTS_TAKEN;
    if (status < 0 || unknown) {
        auto error = take_error();
        if (unknown)
            lane_.fault("on_events returned an unknown status");
        else if (!error)
            lane_.fault("on_events failed without set_error");
        failed_ = error.value_or(Error{.code = code_of(status), .message = {}});
        out_->taken.clear();
        end(PATCHBAY_FINISH_ERROR);
        return false;
    }
    if (status == PATCHBAY_EVENTS_PASS) {
        if (!out_->taken.empty()) lane_.fault("events that were emitted, and their batch passed");
        for (const auto& event : events) shown_.push_back(recorded(event, lane_.turns.now()));
    }
    take();
    return true;
}

inline void FakeTurn::end(uint32_t reason) {
    if (!passed() || std::exchange(over_, true)) return;
    if (state_ && functions_->on_end && !failed_) {
        out_->inside = true;
        out_->bytes = 0;
        functions_->on_end(state_, reason);
        out_->inside = false;
        take();
    }
    out_->end();
    close_when_idle();
}

}  // namespace patchbay::testing
