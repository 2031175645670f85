// One answer of a provider, agent or tool under test: what it said, and the commands of its reader.
#pragma once

#include <patchbay/abi/stream.h>
#include <patchbay/error.hpp>
#include <patchbay/testing/fake_owner.hpp>
#include <patchbay/testing/utf8.hpp>
#include <patchbay/view.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::testing {

// An event that was accepted: as patchbay_event, owned.
struct RecordedEvent {
    uint32_t kind = 0;
    uint32_t channel = 0;
    uint32_t flags = 0;
    uint32_t percent = 0;
    std::string text;
    std::string name;
    std::string id;
    std::string extra_json;
    std::optional<patchbay_usage> usage;
    Turns::Time at{0};  // virtual time
};

inline RecordedEvent recorded(const patchbay_event& event, Turns::Time at) {
    return {.kind = event.kind,
            .channel = event.channel,
            .flags = event.flags,
            .percent = event.percent,
            .text = std::string(text_of(event.text)),
            .name = std::string(text_of(event.name)),
            .id = std::string(text_of(event.id)),
            .extra_json = std::string(text_of(event.extra_json)),
            .usage = event.usage ? std::optional(*event.usage) : std::nullopt,
            .at = at};
}

// All deltas of a channel, joined.
inline std::string text_in(const std::vector<RecordedEvent>& events, uint32_t channel) {
    std::string joined;
    for (const auto& event : events)
        if (event.kind == PATCHBAY_EVENT_DELTA && event.channel == channel) joined += event.text;
    return joined;
}

// One of an unknown kind is dropped, and the others of its batch go on.
inline bool is_known(const patchbay_event& event) {
    return event.kind >= PATCHBAY_EVENT_DELTA && event.kind <= PATCHBAY_EVENT_CUSTOM;
}

// What is wrong with an event of a known kind, or nullptr.
inline const char* flaw_of(const patchbay_event& event) {
    constexpr uint64_t max_event_bytes = 64 * 1024;
    if (event.text.size + event.name.size + event.id.size + event.extra_json.size > max_event_bytes)
        return "an event beyond 64 KiB";
    if (event.kind == PATCHBAY_EVENT_DELTA && event.channel > PATCHBAY_CHANNEL_REASONING)
        return "a delta on an unknown channel";
    if (event.percent > 100) return "progress beyond 100 percent";
    if ((event.kind == PATCHBAY_EVENT_USAGE) != (event.usage != nullptr))
        return "usage where it does not belong, or none where it does";
    for (const auto& text : {event.text, event.name, event.id, event.extra_json})
        if (!is_utf8(text_of(text))) return "an event that is not UTF-8";
    return nullptr;
}

// What emit() and finish() of the host's stream interface reach.
class FakeSink : public FakeOwner {
public:
    using FakeOwner::FakeOwner;
    virtual patchbay_status emit(const patchbay_event* events, uint32_t count) = 0;
    virtual patchbay_status finish(uint32_t reason, const patchbay_error* error) = 0;
};

// What providers, agents and tools have in common.
struct AnswerFunctions {
    void (*resume)(void* state);
    void (*cancel)(void* state, patchbay_reason reason);
    void (*close)(void* state);
};

class FakeStream : public FakeSink {
public:
    using FakeSink::FakeSink;

    // --- what the plugin said -------------------------------------------------------------------
    const std::vector<RecordedEvent>& events() const { return events_; }
    bool finished() const { return finish_reason_ != 0; }
    uint32_t finish_reason() const { return finish_reason_; }  // PATCHBAY_FINISH_…; 0 = not yet
    const std::optional<Error>& error() const { return error_; }
    size_t emits_while_paused() const { return emits_while_paused_; }

    // All deltas of a channel, joined.
    std::string text(uint32_t channel = PATCHBAY_CHANNEL_ANSWER) const {
        return text_in(events_, channel);
    }

    // The events of one kind.
    std::vector<RecordedEvent> events(uint32_t kind) const {
        std::vector<RecordedEvent> found;
        for (const auto& event : events_)
            if (event.kind == kind) found.push_back(event);
        return found;
    }

    // What a tool gave: its output, as JSON; "" = none yet.
    std::string output() const {
        const auto results = events(PATCHBAY_EVENT_TOOL_RESULT);
        return results.empty() ? std::string() : results.back().text;
    }

    // --- commands of the reader -----------------------------------------------------------------
    // Without any it keeps up: it reads all that was emitted in a turn before the next one. What
    // waits for it beyond 16 KiB, all of one turn, pauses the plugin until then.
    //
    // The reader stalls: emits return PAUSE from now on, and HTTP calls are held.
    void pause() {
        paused_ = true;
        reads_on_ = false;
    }

    // The same after `count` more events.
    void pause_after(size_t count) { pause_at_ = events_.size() + count; }

    // The reader caught up: resume() follows, when the plugin was told to pause.
    void resume() {
        paused_ = reads_on_ = false;
        waiting_bytes_ = 0;
        if (on_resume) on_resume();
        if (!std::exchange(told_to_pause_, false) || !hold()) return;
        lane_.turns.add([this] {
            if (state_ && !finished() && !cancelled_) functions_.resume(state_);
            release();
        });
    }

    // cancel() follows, and the completions of what hangs on it. After 5 s without finish(): a
    // fault, and close().
    void cancel(patchbay_reason reason = PATCHBAY_REASON_CLIENT) {
        if (finished() || std::exchange(cancelled_, true) || !hold()) return;
        lane_.turns.add([this, reason] {
            if (state_ && !finished()) functions_.cancel(state_, reason);
            release();
        });
        if (on_cancel) on_cancel();  // after it, so that the plugin hears cancel() first
        lane_.turns.add([this] { give_up(); }, std::chrono::seconds(5));
    }

    // --- for the fake host ----------------------------------------------------------------------
    std::function<void()> on_resume;  // lets held HTTP calls and children go on
    std::function<void()> on_cancel;  // cancels what hangs on it
    std::function<void()> on_finish;  // cancels its children

    void opened(const AnswerFunctions& functions, void* state) {
        functions_ = functions;
        state_ = state;
        opened_ = true;
        close_when_idle();
    }

    void expect_result() { of_tool_ = true; }

    // A child of it says this, and it is forwarded.
    void forwarded(const patchbay_event& event) {
        record(event);
        pause_where_asked();
    }

    patchbay_status emit(const patchbay_event* events, uint32_t count) override;
    patchbay_status finish(uint32_t reason, const patchbay_error* error) override;

private:
    bool ended() const override { return finished() || given_up_; }
    void close() override {
        if (state_) functions_.close(state_);  // NULL: it has no state to be told anything
    }

    void give_up() {
        if (ended()) return;
        lane_.fault("no finish within 5 s of cancel");
        given_up_ = true;
        close_when_idle();
    }

    void record(const patchbay_event& event) {
        events_.push_back(recorded(event, lane_.turns.now()));
    }

    void pause_where_asked() {
        if (!pause_at_ || events_.size() < *pause_at_) return;
        pause_at_.reset();
        pause();
    }

    void pause_when_full(uint64_t bytes) {
        if (std::exchange(unread_since_, lane_.turns.count()) != lane_.turns.count())
            unread_bytes_ = 0;
        unread_bytes_ += bytes;
        if (unread_bytes_ <= high_mark || paused_ || !hold()) return;
        paused_ = reads_on_ = true;
        lane_.turns.add([this] {
            if (reads_on_) resume();
            release();
        });
    }

    void break_off(const char* fault, const char* message) {
        lane_.fault(fault);
        broken_ = Error{.code = ErrorCode::limit, .message = message};
        cancel(PATCHBAY_REASON_OVERRUN);
    }

    static constexpr uint64_t max_bytes = 256 * 1024;  // in one emit, and after PAUSE
    static constexpr uint64_t event_cost = 64;         // beside its texts, after PAUSE
    static constexpr uint64_t high_mark = 16 * 1024;   // of what waits: PAUSE

    AnswerFunctions functions_ = {};
    bool of_tool_ = false;  // a result is owed
    void* state_ = nullptr;
    std::vector<RecordedEvent> events_;
    uint32_t finish_reason_ = 0;
    std::optional<Error> error_;
    std::optional<Error> broken_;  // by the host: how it ends, whatever finish() says
    std::optional<size_t> pause_at_;
    bool told_to_pause_ = false;
    bool given_up_ = false;
    size_t emits_while_paused_ = 0;
    uint64_t waiting_bytes_ = 0;  // since the pause
    uint64_t unread_bytes_ = 0;   // of the turn `unread_since_`
    uint64_t unread_since_ = 0;
    bool reads_on_ = false;  // it is paused by itself, and for this turn only
};

inline patchbay_status FakeStream::emit(const patchbay_event* events, uint32_t count) {
    if (!events && count > 0) return PATCHBAY_E_BAD_REQUEST;
    if (const auto status = usable("emit"); status != PATCHBAY_OK) return status;
    if (finished()) {
        lane_.fault("emit after finish");
        return PATCHBAY_E_BAD_STATE;
    }
    if (cancelled_) return PATCHBAY_E_CANCELLED;

    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const auto& event = events[i];
        if (!is_known(event)) {
            lane_.fault("emit of an event of an unknown kind");
            continue;
        }
        const auto size = event.text.size + event.name.size + event.id.size + event.extra_json.size;
        if (const char* flaw = flaw_of(event)) {
            lane_.fault(std::string("emit of ") + flaw);
            return PATCHBAY_E_BAD_REQUEST;
        }
        bytes += size;
        if (bytes > max_bytes) {
            break_off("emit of more than 256 KiB at once", "emitted too much at once");
            return PATCHBAY_E_LIMIT;
        }
    }
    if (paused_) {
        if (told_to_pause_) ++emits_while_paused_;
        waiting_bytes_ += bytes + uint64_t{count} * event_cost;
        if (waiting_bytes_ > max_bytes) {
            break_off("emit beyond the cap of 256 KiB", "emitted too much after PAUSE");
            return PATCHBAY_E_LIMIT;
        }
    }
    for (uint32_t i = 0; i < count; ++i)
        if (is_known(events[i])) record(events[i]);
    pause_where_asked();
    pause_when_full(bytes);
    if (!paused_) return PATCHBAY_OK;
    told_to_pause_ = true;
    return PATCHBAY_PAUSE;
}

inline patchbay_status FakeStream::finish(uint32_t reason, const patchbay_error* error) {
    if (const auto status = usable("finish"); status != PATCHBAY_OK) return status;
    if (finished()) {
        lane_.fault("a second finish");
        return PATCHBAY_E_BAD_STATE;
    }
    const bool known = reason >= PATCHBAY_FINISH_STOP && reason <= PATCHBAY_FINISH_ERROR;
    if (!known) lane_.fault("finish with an unknown reason");
    if (of_tool_ && reason == PATCHBAY_FINISH_STOP &&
        events(PATCHBAY_EVENT_TOOL_RESULT).size() != 1)
        lane_.fault("a tool that stopped without exactly one result");
    finish_reason_ = known && !broken_ ? reason : static_cast<uint32_t>(PATCHBAY_FINISH_ERROR);
    if (broken_)
        error_ = broken_;
    else if (!known)
        error_ = Error{.message = "an unknown reason"};
    else if (reason == PATCHBAY_FINISH_ERROR)
        error_ = error ? error_of(*error) : Error{.message = "failed without saying why"};
    if (on_finish) on_finish();
    close_when_idle();
    return known ? PATCHBAY_OK : PATCHBAY_E_BAD_REQUEST;
}

using FakeChat = FakeStream;  // of a provider

}  // namespace patchbay::testing
