// Run: its one outcome.
#include "runtime/engine/child.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/recovery.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/usage.hpp"

#include <spdlog/spdlog.h>

namespace patchbay::engine {

void Run::complete(uint32_t reason) {
    stop_timers();
    questions_.close();
    if (tail_) move_on_from_tail();
    record_.usage = final_usage();
    usage_due_ = usage_due_ || said_usage_ != record_.usage;
    say_due_usage();
    const auto content = transcript_.content_json();
    say(EventKind::message_completed,
        message_completed_payload({.id = request_.answer_message,
                                   .parent = request_.user_message,
                                   .content_json = content,
                                   .finish_reason = finish_name(reason),
                                   .model = record_.model,
                                   .provider = record_.provider}));
    add_message_row(content, MessageStatus::complete, output_.open_events() - 1);
    record_.cost_micros = ledger_.cost_micros();
    const auto points = points_cost(record_.usage, options_->points_per_1000_tokens);
    say(EventKind::run_completed,
        run_completed_payload(record_.usage, record_.cost_micros, points));
    record_.status = RunStatus::completed;
    record_.ended_at_ms = interaction_.shard().unix_ms();
    output_.add(UpdateRun{record_});
    state_ = State::ending;
}

void Run::fail(const Error& error) {
    if (state_ == State::ending || state_ == State::ended) return;
    spdlog::warn("run {}: {} failed: {} ({})", record_.id.str(), record_.agent, error.message,
                 name_of(error.code));
    auto payload = run_failed_payload(error);
    record_.error_json = payload;
    end(EventKind::run_failed, std::move(payload), RunStatus::failed);
}

void Run::cancel(CancelledBy by) {
    if (state_ == State::recovering) return when_recovered([this, by] { cancel(by); });
    rolled_back_ = rolled_back_ || by == CancelledBy::rollback;
    const auto reason = by == CancelledBy::disconnect ? PATCHBAY_REASON_GONE
                        : by == CancelledBy::timeout  ? PATCHBAY_REASON_DEADLINE
                                                      : PATCHBAY_REASON_CLIENT;
    if (by == CancelledBy::timeout)
        spdlog::warn("run {}: {} did not end within {} ms", record_.id.str(), record_.agent,
                     options_->run_timeout.count());
    stop_agent(reason);
    end(EventKind::run_cancelled, run_cancelled_payload(by), RunStatus::cancelled);
}

void Run::let_go() {
    stop_timers();
    if (state_ != State::ending) state_ = State::ended;  // what goes says nothing more
    stop_agent(PATCHBAY_REASON_SHUTDOWN);
}

void Run::interrupt(std::string_view reason) {
    if (state_ == State::recovering) {
        return when_recovered([this, why = std::string(reason)] {
            if (!only_waits()) interrupt(why);
        });
    }
    stop_agent(PATCHBAY_REASON_SHUTDOWN);
    end(EventKind::run_interrupted, run_interrupted_payload(reason), RunStatus::interrupted);
}

// Every end but complete(): the text so far stays, as a partial message.
void Run::end(EventKind kind, std::string payload, RunStatus status) {
    if (state_ == State::ending || state_ == State::ended) return;
    stop_timers();
    state_ = State::ending;  // nothing that goes now has anything more to say
    stop_agent(PATCHBAY_REASON_CLIENT);
    // What they held of the text so far; where they fail, that is lost.
    if (!spoilt_)
        (void)end_middleware(status == RunStatus::failed ? PATCHBAY_FINISH_ERROR
                                                         : PATCHBAY_FINISH_CANCELLED);
    say_due_usage();
    if (tail_) transcript_.add_text(tail_->text);  // it was shown, and nothing took its place
    say_results_of_open_calls();
    say(kind, std::move(payload));
    add_message_row(transcript_.content_json(), MessageStatus::partial, output_.open_events() - 1);
    record_.usage = final_usage();
    record_.cost_micros = ledger_.cost_micros();
    record_.status = status;
    record_.ended_at_ms = interaction_.shard().unix_ms();
    if (rolled_back_) output_.add(SetMessageStatus{record_.id, MessageStatus::rolled_back});
    output_.add(UpdateRun{record_});
}

void Run::say_results_of_open_calls() {
    for (const auto& call : open_calls_.take_all()) {
        const auto payload = tool_result_payload({.id = call.id,
                                                  .output_json = "",
                                                  .error = std::string(call.result()),
                                                  .agent = call.agent,
                                                  .repeats = ""});
        say(EventKind::tool_result, payload);
        if (call.agent.empty()) transcript_.add_tool_result(payload);
    }
}

void Run::add_message_row(const std::string& content_json, MessageStatus status, size_t event) {
    output_.add(InsertMessage{{.id = request_.answer_message,
                               .interaction = interaction_.id(),
                               .run = record_.id,
                               .turn = record_.turn,
                               .parent = request_.user_message,
                               .role = "assistant",
                               .content_json = content_json,
                               .status = status,
                               .created_at_ms = interaction_.shard().unix_ms()},
                              event});
}

Usage Run::final_usage() const {
    if (!ledger_.empty() || prompt_estimate_ == 0) return ledger_.total();
    // A crash came before anybody counted.
    return {.prompt_tokens = prompt_estimate_,
            .completion_tokens = estimate_tokens(transcript_.text()),
            .reasoning_tokens = 0,
            .estimated = true};
}

void Run::stop_agent(patchbay_reason reason) {
    stop_reason_ = reason;
    recovery_.reset();
    root_.reset();
    questions_.close();
}

void Run::stop_timers() {
    auto& loop = shard().loop();
    for (auto* timer : {&grace_timer_, &deadline_timer_, &retry_timer_, &usage_timer_}) {
        if (*timer != 0) loop.cancel(std::exchange(*timer, 0));
    }
}

}  // namespace patchbay::engine
