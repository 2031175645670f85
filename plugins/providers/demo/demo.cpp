// demo: a provider without a model. It answers at the pace of one, always the same to the same
// question, and takes up an answer in the middle. Tries the runtime without network or account.
#include "config.hpp"
#include "conversation.hpp"
#include "reply.hpp"

#include <patchbay/provider.hpp>
#include <patchbay/timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace {

using patchbay::Flow;

constexpr std::string_view schema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "models": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1},
               "description": "ids of the models that it plays"},
    "context_window": {"type": "integer", "minimum": 1, "description": "tokens"},
    "words": {"type": "integer", "minimum": 1, "maximum": 100000},
    "first_token_ms": {"type": "number", "minimum": 0, "maximum": 3600000},
    "token_delay_ms": {"type": "number", "minimum": 0, "maximum": 3600000,
                       "description": "0: as fast as the reader reads"}
  }
})json";

// One answer being told, word by word, on a timer.
class Answer final : public patchbay::Chat, private patchbay::TimerHandler {
public:
    Answer(patchbay::Stream stream, demo::Pace pace, std::string reply, size_t position,
           patchbay::FinishReason reason, patchbay::Usage usage)
        : Chat(stream),
          pace_(pace),
          reply_(std::move(reply)),
          position_(position),
          reason_(reason),
          usage_(usage) {}

    patchbay::Result<void> start() { return wait(pace_.first_token); }

    void resume() override { go_on(); }

private:
    patchbay::Result<void> wait(std::chrono::microseconds delay) {
        if (std::exchange(waiting_, true)) return {};
        const auto timer = patchbay::start_timer(stream(), delay, *this);
        if (!timer) return std::unexpected(timer.error());
        return {};
    }

    void go_on() {
        if (const auto waits = wait(pace_.token_delay); !waits) fail(waits.error());
    }

    void on_timer(bool cancelled) override {
        waiting_ = false;
        if (cancelled || finished()) return;  // cancel() ends the answer

        const auto flow = emit_next();
        if (flow == Flow::cancelled) return finish(patchbay::FinishReason::cancelled);
        if (flow == Flow::rejected)
            return fail({.code = patchbay::ErrorCode::internal, .message = "an event was refused"});
        if (position_ == reply_.size()) return finish(reason_);
        if (flow == Flow::go_on) go_on();
    }

    // Emits one word, or a batch when unpaced; with the last word also the usage, so that a pause
    // cannot come between them.
    Flow emit_next() {
        std::array<patchbay::Event, batch + 1> events = {};
        size_t count = 0;
        const size_t limit = pace_.token_delay.count() == 0 ? batch : 1;
        while (count < limit && position_ < reply_.size()) {
            const auto end = demo::end_of_piece(reply_, position_);
            auto& event = events[count++];
            event.kind = PATCHBAY_EVENT_DELTA;
            event.text =
                patchbay::view_of(std::string_view(reply_).substr(position_, end - position_));
            position_ = end;
        }
        if (position_ == reply_.size()) {
            auto& event = events[count++];
            event.kind = PATCHBAY_EVENT_USAGE;
            event.usage = &usage_;
        }
        return stream().emit(std::span(events.data(), count));
    }

    static constexpr size_t batch = 32;

    demo::Pace pace_;
    std::string reply_;
    size_t position_;  // of what comes next in reply_
    patchbay::FinishReason reason_;
    patchbay::Usage usage_;
    bool waiting_ = false;  // for the timer
};

class Demo final : public patchbay::Provider {
public:
    explicit Demo(demo::Config config) : config_(std::move(config)) {}

    static patchbay::Result<std::unique_ptr<Demo>> create(const patchbay::Host&,
                                                          std::string_view config_json) {
        auto config = demo::read_config(config_json);
        if (!config) return std::unexpected(config.error());
        return std::make_unique<Demo>(std::move(*config));
    }

    // bad_request when the conversation or the options are out of order.
    patchbay::Status open(const patchbay::ChatRequest& request, patchbay::Stream stream) override {
        const auto conversation = demo::read_conversation(request.messages_json);
        if (!conversation) return std::unexpected(conversation.error());
        const auto pace = demo::override_pace(config_.pace, request.options_json);
        if (!pace) return std::unexpected(pace.error());

        const bool cut = request.max_tokens > 0 && request.max_tokens < pace->words;
        const auto words = cut ? request.max_tokens : pace->words;
        patchbay::Usage usage = {};
        usage.prompt_tokens = conversation->words;
        usage.completion_tokens = words;

        auto reply = demo::compose_reply(request.model, conversation->question,
                                         conversation->messages, words);
        const auto position = demo::position_after(request.prefill, reply);
        auto answer = std::make_unique<Answer>(
            stream, *pace, std::move(reply), position,
            cut ? patchbay::FinishReason::length : patchbay::FinishReason::stop, usage);
        if (const auto started = answer->start(); !started) return std::unexpected(started.error());
        return answer;
    }

    std::string_view models() override { return config_.models_json; }

private:
    demo::Config config_;
};

}  // namespace

PATCHBAY_PLUGIN(Demo, {.id = "patchbay.providers.demo",
                       .version = "0.1.0",
                       .title = "Demo",
                       .description = "Deterministic answers at a model's pace, without network",
                       .config = schema});
