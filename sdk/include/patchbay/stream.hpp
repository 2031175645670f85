// Where an answer is written: events, then one end.
//
// Life       open() → emit* → finish, exactly once. Then the host closes the chat.
// Threads    [lane].
// Ownership  what is handed in is copied before the call returns.
// Limits     one event's texts together are at most 64 KiB; what waits for the reader, 256 KiB.
// Text       UTF-8; a character may not be cut between two events.
#pragma once

#include <patchbay/owner.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace patchbay {

enum class Channel : uint32_t {
    answer = PATCHBAY_CHANNEL_ANSWER,
    reasoning = PATCHBAY_CHANNEL_REASONING,
};

enum class FinishReason : uint32_t {
    stop = PATCHBAY_FINISH_STOP,
    length = PATCHBAY_FINISH_LENGTH,
    tool_calls = PATCHBAY_FINISH_TOOL_CALLS,
    content_filter = PATCHBAY_FINISH_CONTENT_FILTER,
    refusal = PATCHBAY_FINISH_REFUSAL,
    cancelled = PATCHBAY_FINISH_CANCELLED,
};

// What to do after an emit.
enum class Flow {
    go_on,      // accepted
    pause,      // accepted; emit no more until resume()
    cancelled,  // dropped; finish(cancelled) is owed
    rejected,   // dropped: bad text, a limit, the wrong time or thread. A bug; the host logs it
};

using Event = patchbay_event;
using Usage = patchbay_usage;

struct ToolCall {
    std::string_view id;  // the vendor's
    std::string_view name;
    std::string_view arguments;   // a JSON object
    bool idempotent = false;      // may run twice without harm
    std::string_view extra_json;  // "" or a JSON object: comes back with the history
};

// A stream as those see it who do not end it.
class Output : public Owner {
public:
    Output(const Host& host, patchbay_stream stream) noexcept
        : Output(host, stream, [](const Owner&, std::string_view) noexcept {}) {}

    // Adds the events in order, all or none.
    Flow emit(std::span<const Event> events) const noexcept {
        const auto* table = host().interfaces().stream;
        if (!table) return Flow::rejected;
        const auto status = table->emit(host().raw(), handle(), events.data(),
                                        static_cast<uint32_t>(events.size()));
        if (status == PATCHBAY_PAUSE) return Flow::pause;
        if (status >= 0) return Flow::go_on;
        return status == PATCHBAY_E_CANCELLED ? Flow::cancelled : Flow::rejected;
    }

    Flow emit(const Event& event) const noexcept { return emit(std::span(&event, 1)); }

    // A piece of the answer.
    Flow text(std::string_view text, Channel channel = Channel::answer) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_DELTA;
        event.channel = static_cast<uint32_t>(channel);
        event.text = view_of(text);
        return emit(event);
    }

    // What is going on, for a person.
    Flow status(std::string_view text) const noexcept {
        return emit_text(PATCHBAY_EVENT_STATUS, text);
    }

    // 0..100.
    Flow progress(uint32_t percent) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_PROGRESS;
        event.percent = percent;
        return emit(event);
    }

    Flow tool_call(const ToolCall& call) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_TOOL_CALL;
        event.flags = call.idempotent ? PATCHBAY_EVENT_IDEMPOTENT : 0;
        event.text = view_of(call.arguments);
        event.name = view_of(call.name);
        event.id = view_of(call.id);
        event.extra_json = view_of(call.extra_json);
        return emit(event);
    }

    // What a tool gave: JSON.
    Flow tool_result(std::string_view id, std::string_view output_json) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_TOOL_RESULT;
        event.text = view_of(output_json);
        event.id = view_of(id);
        return emit(event);
    }

    // What a tool failed with: JSON.
    Flow tool_failure(std::string_view id, std::string_view error_json) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_TOOL_RESULT;
        event.flags = PATCHBAY_EVENT_FAILED;
        event.text = view_of(error_json);
        event.id = view_of(id);
        return emit(event);
    }

    // Something that none of the others is: JSON, for clients that know the name.
    Flow custom(std::string_view name, std::string_view json) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_CUSTOM;
        event.text = view_of(json);
        event.name = view_of(name);
        return emit(event);
    }

    // The last one counts, never the sum.
    Flow usage(const Usage& usage) const noexcept {
        Event event = {};
        event.kind = PATCHBAY_EVENT_USAGE;
        event.usage = &usage;
        return emit(event);
    }

    // A JSON object.
    Flow metadata(std::string_view json) const noexcept {
        return emit_text(PATCHBAY_EVENT_METADATA, json);
    }

protected:
    Output(const Host& host, patchbay_stream stream, Abandon how) noexcept
        : Owner(host, stream, how) {}

private:
    Flow emit_text(uint32_t kind, std::string_view text) const noexcept {
        Event event = {};
        event.kind = kind;
        event.text = view_of(text);
        return emit(event);
    }
};

class Stream : public Output {
public:
    Stream(const Host& host, patchbay_stream stream) noexcept
        : Output(host, stream, [](const Owner& owner, std::string_view reason) noexcept {
              const auto error = view_of(ErrorCode::internal, reason);
              end(owner, PATCHBAY_FINISH_ERROR, &error);
          }) {}

    // Ends the answer: one of these two, exactly once. A second one does nothing, and counts as a
    // fault of the plugin's.
    void finish(FinishReason reason) const noexcept {
        end(*this, static_cast<uint32_t>(reason), nullptr);
    }
    void fail(const Error& error) const noexcept {
        const auto view = view_of(error);
        end(*this, PATCHBAY_FINISH_ERROR, &view);
    }

private:
    static void end(const Owner& owner, uint32_t reason, const patchbay_error* error) noexcept {
        if (const auto* table = owner.host().interfaces().stream)
            table->finish(owner.host().raw(), owner.handle(), reason, error);
    }
};

}  // namespace patchbay
