#include "runtime/engine/run.hpp"

#include "runtime/engine/context.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/run_span.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/usage.hpp"

#include <spdlog/spdlog.h>

#include <cassert>
#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

constexpr size_t open_bytes_high = 16 * 1024;  // the provider pauses
constexpr size_t open_bytes_low = 4 * 1024;    // and goes on

}  // namespace

Run::Run(Interaction& interaction, RunRecord record, RunRequest request, ModelChoice choice)
    : interaction_(interaction),
      record_(std::move(record)),
      request_(std::move(request)),
      choice_(std::move(choice)),
      options_(interaction.shard().options()),
      output_(interaction.id(), record_.id) {}

Run::~Run() {
    assert(!output_.in_flight() || interaction_.shard().draining());
    stop_timers();
    stop_provider(PATCHBAY_REASON_SHUTDOWN);
    interaction_.shard().forget_dirty(*this);
}

// ---- beginning ----

void Run::begin(Opening opening) {
    content_json_ = std::move(opening.content_json);
    claim_ = std::move(opening.claim);
    const bool at_once = opening.position == 0;
    state_ = at_once ? State::running : State::queued;
    record_.status = at_once ? RunStatus::running : RunStatus::queued;
    if (at_once) record_.started_at_ms = interaction_.shard().unix_ms();

    if (opening.make) output_.add(std::move(*opening.make));
    if (claim_) output_.add(*claim_);
    output_.add(InsertRun{record_});
    if (!at_once) say(EventKind::run_queued, run_queued_payload(record_.turn, opening.position));
    say(EventKind::message_user,
        message_user_payload(request_.user_message, interaction_.last_message(), content_json_));
    output_.add(InsertMessage{{.id = request_.user_message,
                               .interaction = interaction_.id(),
                               .run = record_.id,
                               .turn = record_.turn,
                               .parent = interaction_.last_message(),
                               .role = "user",
                               .content_json = content_json_,
                               .created_at_ms = interaction_.shard().unix_ms()},
                              output_.open_events() - 1});
    if (at_once) say_started();
}

void Run::say_started() {
    say(EventKind::run_started,
        run_started_payload(record_.turn, record_.agent, record_.provider, record_.model));
}

void Run::when_begun(OnBegun callback) {
    if (begun_) return callback({});
    on_begun_.push_back(std::move(callback));
}

void Run::tell_begun(const Begun& begun) {
    for (auto& callback : std::exchange(on_begun_, {})) callback(begun);
}

void Run::start() {
    if (state_ == State::queued) {
        state_ = State::running;
        record_.status = RunStatus::running;
        record_.started_at_ms = interaction_.shard().unix_ms();
        say_started();
        output_.add(UpdateRun{record_});
    }
    arm_deadline();
    // A key that turns out to be used must not cost a second answer.
    start_wanted_ = claim_ && !begun_;
    if (!start_wanted_) load_history();
}

uint64_t Run::window_tokens() const {
    const uint64_t window = choice_.model.context_window ? choice_.model.context_window
                                                         : options_->default_context_window;
    const uint64_t answer = request_.max_tokens ? request_.max_tokens : window / 4;
    return window - std::min<uint64_t>(answer, window / 2);
}

void Run::load_history() {
    if (record_.turn == 1) return open_provider(build_messages({}, content_json_, window_tokens()));
    auto read = [id = interaction_.id(), turn = record_.turn, window = window_tokens(),
                 content = content_json_](Store& store) {
        return messages_for(store, id, turn, content, window);
    };
    interaction_.shard().read_for_run(*this, std::move(read),
                                      [](Run& run, Result<std::string> messages) {
                                          if (run.state_ != State::running) return;
                                          if (!messages) return run.fail(messages.error());
                                          run.open_provider(std::move(*messages));
                                      });
}

void Run::open_provider(std::string messages_json) {
    if (!choice_.provider) {
        return fail({.code = ErrorCode::unavailable,
                     .message = "The provider " + record_.provider + " is not there any more."});
    }
    spdlog::debug("run {}: turn {} of {} asks {}", record_.id.str(), record_.turn,
                  interaction_.id().str(), choice_.full_name());
    interaction_.shard().counters().runs_started.fetch_add(1, std::memory_order_relaxed);
    prompt_estimate_ = estimate_tokens(messages_json);
    plugins::ChatCall call{.model = choice_.model.id,
                           .messages_json = std::move(messages_json),
                           .options_json = request_.options_json,
                           .prefill = prefill_,
                           .traceparent = request_.traceparent,
                           .run_id = record_.id.str(),
                           .max_tokens = request_.max_tokens,
                           .attempt = record_.attempt};
    call.deadline_ms = record_.started_at_ms + options_->run_timeout.count();
    content_json_.clear();
    const auto chat =
        plugins::Answer::open(interaction_.shard().lane(), choice_.provider, call, *this);
    if (!chat) return fail(chat.error());
    if (state_ == State::running) chat_ = *chat;  // else it has finished inside open()
}

void Run::arm_deadline() {
    auto& shard = interaction_.shard();
    deadline_timer_ = shard.loop().after(options_->run_timeout, [this] {
        deadline_timer_ = 0;
        cancel(CancelledBy::timeout);
    });
}

// ---- what the provider says ----

patchbay_status Run::on_events(std::span<const patchbay_event> events) {
    if (state_ != State::running) return PATCHBAY_OK;
    for (const auto& source : events) {
        auto event = event_of(source);
        if (!event) continue;
        event->attempt = record_.attempt;
        event->created_at_ms = interaction_.shard().unix_ms();
        note(*event, source);
        output_.add(std::move(*event));
    }
    interaction_.shard().mark_dirty(*this);
    if (!blocked()) return PATCHBAY_OK;
    paused_ = true;
    return PATCHBAY_PAUSE;
}

// Keeps what the answer's message and the usage are made of.
void Run::note(const Event& event, const patchbay_event& source) {
    if (event.kind == EventKind::delta) {
        if (event.channel == Channel::answer) text_ += event.body;
        if (event.channel == Channel::reasoning) reasoning_bytes_ += event.body.size();
    } else if (event.kind == EventKind::usage) {
        usage_ = usage_of(*source.usage);
    } else if (event.kind == EventKind::tool_call) {
        tool_calls_.push_back(tool_call_part(event.body));
    }
}

void Run::on_finish(uint32_t reason, const Error* error) {
    chat_ = nullptr;
    if (state_ != State::running) return;
    if (reason == PATCHBAY_FINISH_ERROR) {
        return fail(error ? *error : Error{.message = "The provider failed without a reason."});
    }
    if (reason == PATCHBAY_FINISH_CANCELLED) {
        return fail({.code = ErrorCode::upstream, .message = "The provider stopped by itself."});
    }
    complete(reason);
}

// ---- ending ----

void Run::complete(uint32_t reason) {
    stop_timers();
    record_.usage = final_usage();
    if (!usage_) say(EventKind::usage, usage_payload(record_.usage));
    const auto content = answer_content(text_, tool_calls_);
    say(EventKind::message_completed,
        message_completed_payload({.id = request_.answer_message,
                                   .parent = request_.user_message,
                                   .content_json = content,
                                   .finish_reason = finish_name(reason),
                                   .model = record_.model,
                                   .provider = record_.provider}));
    add_message_row(content, MessageStatus::complete, output_.open_events() - 1);
    record_.cost_micros = cost_micros(record_.usage, choice_.model);
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
    spdlog::warn("run {}: {} failed: {} ({})", record_.id.str(), choice_.full_name(), error.message,
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
    stop_provider(reason);
    end(EventKind::run_cancelled, run_cancelled_payload(by), RunStatus::cancelled);
}

void Run::let_go() {
    stop_timers();
    stop_provider(PATCHBAY_REASON_SHUTDOWN);
}

void Run::interrupt(std::string_view reason) {
    if (state_ == State::recovering) {
        return when_recovered([this, why = std::string(reason)] { interrupt(why); });
    }
    stop_provider(PATCHBAY_REASON_SHUTDOWN);
    end(EventKind::run_interrupted, run_interrupted_payload(reason), RunStatus::interrupted);
}

// Every end but complete(): the text so far stays, as a partial message.
void Run::end(EventKind kind, std::string payload, RunStatus status) {
    if (state_ == State::ending || state_ == State::ended) return;
    stop_timers();
    stop_provider(PATCHBAY_REASON_CLIENT);
    say(kind, std::move(payload));
    add_message_row(answer_content(text_, tool_calls_), MessageStatus::partial,
                    output_.open_events() - 1);
    record_.usage = final_usage();
    record_.cost_micros = cost_micros(record_.usage, choice_.model);
    record_.status = status;
    record_.ended_at_ms = interaction_.shard().unix_ms();
    if (rolled_back_) output_.add(SetMessageStatus{record_.id, MessageStatus::rolled_back});
    output_.add(UpdateRun{record_});
    state_ = State::ending;
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
    if (usage_) return *usage_;
    if (record_.started_at_ms == 0) return {};  // it never ran
    const uint64_t reasoning = reasoning_bytes_ / 4;
    return {.prompt_tokens = prompt_estimate_,
            .completion_tokens = estimate_tokens(text_) + reasoning,
            .reasoning_tokens = reasoning,
            .estimated = true};
}

void Run::stop_provider(patchbay_reason reason) {
    if (auto* chat = std::exchange(chat_, nullptr)) chat->cancel(reason);
}

void Run::stop_timers() {
    auto& loop = interaction_.shard().loop();
    for (auto* timer : {&grace_timer_, &deadline_timer_, &retry_timer_}) {
        if (*timer != 0) loop.cancel(std::exchange(*timer, 0));
    }
}

// ---- the flow ----

void Run::say(EventKind kind, std::string payload) {
    output_.add(Event{.created_at_ms = interaction_.shard().unix_ms(),
                      .run = record_.id,
                      .attempt = record_.attempt,
                      .kind = kind,
                      .body = std::move(payload)});
    interaction_.shard().mark_dirty(*this);
}

void Run::flush() {
    if (state_ == State::ended || output_.in_flight() || retry_timer_ != 0) return;
    if (!output_.has_open()) return;
    interaction_.shard().submit(*this, output_);
}

void Run::note_commit(const Batch& batch) {
    output_.committed();
    failing_since_ = {};
    if (!begun_) record_.first_seq = batch.events.front().seq;
    if (ends_run(batch.events.back().kind)) record_.last_seq = batch.events.back().seq;
    for (const auto& event : batch.events) {
        const bool answer = event.kind == EventKind::delta && event.channel == Channel::answer;
        if (answer) committed_text_ += event.body.size();
    }
}

void Run::after_commit() {
    if (!begun_) {
        begun_ = true;
        tell_begun({});
        if (std::exchange(start_wanted_, false) && state_ == State::running) load_history();
    }
    if (output_.has_open()) return interaction_.shard().mark_dirty(*this);
    if (state_ == State::ending) return settle_ended();
    relieve();
}

void Run::on_refused(Batch& batch) {
    if (begun_) return on_storage_failure(batch);
    output_.committed();
    stop_timers();
    stop_provider(PATCHBAY_REASON_CLIENT);
    state_ = State::ended;  // what it has said since is never written
    interaction_.begin_failed(*this);
    tell_ended();
    tell_begun({batch.error, batch.duplicate_of, claim_ ? claim_->request_sha256 : ""});
}

void Run::settle_ended() {
    state_ = State::ended;
    spdlog::debug("run {}: {}", record_.id.str(), name_of(record_.status));
    record_run_span(interaction_.shard().spans(), record_, request_.traceparent);
    interaction_.run_ended(*this);
    tell_ended();
}

void Run::tell_ended() {
    for (auto& [id, callback] : std::exchange(waiters_, {})) callback();
}

bool Run::blocked() const {
    return output_.open_bytes() >= open_bytes_high || retry_timer_ != 0 ||
           interaction_.viewers_full(record_.id);
}

void Run::relieve() {
    if (!paused_ || chat_ == nullptr || blocked() || output_.open_bytes() >= open_bytes_low) return;
    paused_ = false;
    chat_->resume();
}

void Run::viewers_changed(size_t viewers) {
    const size_t before = std::exchange(viewers_, viewers);
    if (viewers > 0) {
        if (grace_timer_ != 0) interaction_.shard().loop().cancel(std::exchange(grace_timer_, 0));
        return;
    }
    if (before > 0 && (state_ == State::queued || state_ == State::running)) apply_disconnect();
    relieve();  // with no viewer attached nothing is paused
}

void Run::apply_disconnect() {
    if (request_.on_disconnect == OnDisconnect::cancel) return cancel(CancelledBy::disconnect);
    if (request_.on_disconnect != OnDisconnect::grace || grace_timer_ != 0) return;
    auto& shard = interaction_.shard();
    grace_timer_ = shard.loop().after(options_->grace, [this] {
        grace_timer_ = 0;
        cancel(CancelledBy::disconnect);
    });
}

void Run::when_ended(uint64_t waiter, std::move_only_function<void()> callback) {
    if (state_ == State::ended) return callback();
    waiters_.emplace_back(waiter, std::move(callback));
}

void Run::forget_waiter(uint64_t waiter) {
    std::erase_if(waiters_, [&](const auto& entry) { return entry.first == waiter; });
}

}  // namespace patchbay::engine
