// Run: what its agent, and what that asks, say and want.
#include "runtime/engine/child.hpp"
#include "runtime/engine/context.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/recovery.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/scope.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/usage.hpp"
#include "runtime/plugins/abi_error.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

constexpr uint32_t depth_limit = 8;  // what chat.h and tools.h promise
constexpr uint32_t children_limit = 256;
constexpr size_t tool_calls_limit = 256;
constexpr std::chrono::milliseconds usage_patience{100};

Error beyond(const char* what) {
    return {.code = ErrorCode::limit, .message = what, .user_safe = true};
}

}  // namespace

// ---- its agent ----

void Run::open_agent() {
    if (!request_.answer.empty()) return give_answer();
    if (!choice_.agent) {
        return fail({.code = ErrorCode::unavailable,
                     .message = "The agent " + record_.agent + " is not there any more.",
                     .user_safe = true});
    }
    spdlog::debug("run {}: turn {} of {} goes to {}", record_.id.str(), record_.turn,
                  interaction_.id().str(), record_.agent);
    shard().counters().runs_started.fetch_add(1, std::memory_order_relaxed);
    auto input =
        request_.input_json.empty() ? "{\"content\":" + content_json_ + "}" : request_.input_json;
    root_ = std::make_unique<Child>(*this, nullptr, *this, 0);
    root_->open(Child::AgentAsk{.agent = choice_.agent,
                                .method = request_.method.empty() ? "chat" : request_.method,
                                .input_json = std::move(input),
                                .choice = choice_.model,
                                .options_json = request_.options_json,
                                .max_tokens = request_.max_tokens});
}

std::unique_ptr<Child> Run::release_root() { return std::move(root_); }

void Run::on_done(const patchbay_chat_end& end) {
    if (state_ != State::running) return;
    if (end.reason == PATCHBAY_FINISH_ERROR) {
        return fail(end.error ? plugins::copy_of(*end.error)
                              : Error{.message = "The agent failed without a reason."});
    }
    if (end.reason == PATCHBAY_FINISH_CANCELLED) {
        return fail({.code = ErrorCode::upstream,
                     .message = "The agent stopped by itself.",
                     .user_safe = true});
    }
    if (auto ended = end_middleware(end.reason); !ended) return fail(ended.error());
    complete(end.reason);
}

void Run::arm_deadline(std::chrono::milliseconds left) {
    deadline_ms_ = shard().unix_ms() + left.count();
    deadline_timer_ = shard().loop().after(left, [this] {
        deadline_timer_ = 0;
        cancel(CancelledBy::timeout);
    });
}

// ---- what is said ----

patchbay_status Run::on_events(std::span<const patchbay_event> events) {
    if (state_ != State::running || spoilt_) return PATCHBAY_OK;
    if (!middleware_ || !middleware_->sees_events()) return add_events(events);
    const auto left = middleware_->filter(events);
    if (!left) {
        on_spoilt(left.error());
        return PATCHBAY_OK;
    }
    return left->empty() ? PATCHBAY_OK : add_events(*left);
}

patchbay_status Run::add_events(std::span<const patchbay_event> events) {
    if (tail_) move_on_from_tail();
    for (const auto& source : events) add_event(source);
    if (output_.has_open()) shard().mark_dirty(*this);
    return room();
}

patchbay_status Run::room() {
    if (!blocked()) return PATCHBAY_OK;
    paused_ = true;
    return PATCHBAY_PAUSE;
}

patchbay_status Run::room_for(Child& child) {
    const auto status = room();
    if (status == PATCHBAY_PAUSE && !holds(child)) held_children_.push_back(&child);
    return status;
}

// Not before the next attempt has begun: middleware that would have to see it is not asked yet.
patchbay_status Run::show(const patchbay_event& event, ToolCall& tool) {
    if (recovery_) return PATCHBAY_OK;
    const auto status = on_events({&event, 1});
    if (status == PATCHBAY_PAUSE && std::ranges::count(held_tools_, &tool) == 0)
        held_tools_.push_back(&tool);
    return status;
}

void Run::add_event(const patchbay_event& source) {
    if (source.kind == PATCHBAY_EVENT_USAGE) {
        usage_due_ = true;  // it goes with what follows: mostly the outcome, in one commit
        return;
    }
    say_due_usage();
    if (source.kind == PATCHBAY_EVENT_TOOL_CALL) {
        const std::string id(source.id.data, static_cast<size_t>(source.id.size));
        if (transcript_.has_call(id)) return;  // it was held while the tool was called
        transcript_.add_tool_call(say_tool_call(source, record_.agent, ""));
        return;
    }
    auto event = event_of(source);
    if (!event) return;
    event->attempt = record_.attempt;
    event->created_at_ms = shard().unix_ms();
    if (event->kind == EventKind::delta && event->channel == Channel::answer)
        transcript_.add_text(event->body);
    if (event->kind == EventKind::tool_result) transcript_.add_tool_result(event->body);
    output_.add(std::move(*event));
}

// Of all that were asked together: readers take the last one.
void Run::say_due_usage() {
    if (!std::exchange(usage_due_, false)) return;
    const auto total = ledger_.total();
    if (said_usage_ == total) return;
    said_usage_ = total;
    say(EventKind::usage, usage_payload(total));
}

void Run::say(EventKind kind, std::string payload) {
    say_due_usage();
    output_.add(Event{.created_at_ms = shard().unix_ms(),
                      .run = record_.id,
                      .attempt = record_.attempt,
                      .kind = kind,
                      .body = std::move(payload)});
    shard().mark_dirty(*this);
}

std::string Run::say_tool_call(const patchbay_event& event, const std::string& agent,
                               std::string label) {
    const auto text = [](const patchbay_str& view) {
        return std::string(view.data, static_cast<size_t>(view.size));
    };
    const auto offers = shard().offers();
    const auto* const tool = offers->tools.find(agent, text(event.name));
    const bool idempotent =
        tool ? tool->info->idempotent : (event.flags & PATCHBAY_EVENT_IDEMPOTENT) != 0;
    auto payload = tool_call_payload({.id = text(event.id),
                                      .name = text(event.name),
                                      .arguments_json = text(event.text),
                                      .idempotent = idempotent,
                                      .extra_json = text(event.extra_json),
                                      .agent = std::move(label)});
    say(EventKind::tool_call, payload);
    return payload;
}

std::string Run::agent_label(const Scope& scope) const {
    return scope.place().is_root ? "" : scope.place().agent;
}

// ---- what is wanted ----

Result<void> Run::admit_child(uint32_t depth) {
    if (depth > depth_limit) return std::unexpected(beyond("Agents ask one another too deeply."));
    if (children_ >= children_limit)
        return std::unexpected(beyond("This run has asked too many models and agents."));
    ++children_;
    return {};
}

Result<void> Run::admit_model() const {
    const auto budget = options_->token_budget;
    if (budget == 0 || tokens_used(ledger_.total()) < budget) return {};
    return std::unexpected(Error{.code = ErrorCode::quota_exceeded,
                                 .message = "This run's budget of tokens is used up.",
                                 .user_safe = true});
}

Result<void> Run::admit_tool_call() const {
    if (call_ids_.made() >= tool_calls_limit)
        return std::unexpected(beyond("This run has called too many tools."));
    return {};
}

Result<ModelChoice> Run::own_model() const {
    if (choice_.model.provider) return choice_.model;
    return failure(ErrorCode::model_not_found, "This run has no model of its own.");
}

uint64_t Run::window_tokens(const ModelChoice& model, uint32_t max_tokens) const {
    const uint64_t window =
        model.model.context_window ? model.model.context_window : options_->default_context_window;
    const uint64_t answer = max_tokens ? max_tokens : window / 4;
    return window - std::min<uint64_t>(answer, window / 2);
}

void Run::read_history(uint64_t window_tokens, std::string done_json,
                       plugins::OnAnswered<std::string> done) {
    if (record_.turn == 1) return done(build_messages({}, content_json_, window_tokens, done_json));
    auto read = [id = interaction_.id(), turn = record_.turn, window_tokens,
                 content = content_json_, done_json = std::move(done_json)](Store& store) {
        return messages_for(store, id, turn, content, window_tokens, done_json);
    };
    shard().read_for_run(*this, std::move(read),
                         [done = std::move(done)](Run& run, Result<std::string> messages) mutable {
                             if (run.is_running()) done(std::move(messages));
                         });
}

// ---- people ----

Result<void> Run::takes_answers() const {
    if (state_ == State::running) return {};
    const auto* const why =
        state_ == State::queued ? "This run has not begun." : "This run has ended.";
    return std::unexpected(Error{.code = ErrorCode::conflict, .message = why, .user_safe = true});
}

void Run::take_answer(const std::string& request_id, plugins::Decision decision,
                      OnAnswerTaken done) {
    auto taken = takes_answers();
    if (taken) taken = questions_.answer(request_id, std::move(decision));
    if (!taken) return done(std::move(taken));
    when_committed([done = std::move(done)]() mutable { done({}); });
}

void Run::questions_changed() {
    if (state_ != State::running) return;
    when_committed([this, now = questions_.open_json().dump()]() mutable {
        committed_questions_ = std::move(now);
    });
    run_or_stop_clock();
    const auto status = questions_.any_open() ? RunStatus::waiting : RunStatus::running;
    if (status == record_.status) return;
    record_.status = status;
    output_.add(UpdateRun{record_});
    shard().mark_dirty(*this);
}

// Its time stands still while only people can move it.
void Run::run_or_stop_clock() {
    if (state_ != State::running) return;
    const bool stands = questions_.any_open() && working_ == 0;
    if (stands == (deadline_timer_ == 0)) return;
    if (!stands) return arm_deadline(time_left_);
    time_left_ =
        std::chrono::milliseconds(std::max<int64_t>(1000, deadline_ms_ - shard().unix_ms()));
    shard().loop().cancel(std::exchange(deadline_timer_, 0));
}

Run::Work::Work(Run& run) : run_(run) {
    ++run_.working_;
    run_.run_or_stop_clock();
}

Run::Work::~Work() {
    --run_.working_;
    run_.run_or_stop_clock();
    run_.say_usage_soon();
}

// What a model has used goes with what follows; when nothing does, alone.
void Run::say_usage_soon() {
    if (!usage_due_ || usage_timer_ != 0 || state_ != State::running) return;
    usage_timer_ = shard().loop().after(usage_patience, [this] {
        usage_timer_ = 0;
        say_due_usage();
    });
}

void Run::question_answered() {
    if (state_ == State::running && recovery_ && recovery_->begun) take_up_open_calls();
}

bool Run::only_waits() const {
    return state_ == State::running && questions_.any_open() && working_ == 0 &&
           !output_.has_open() && !output_.in_flight();
}

}  // namespace patchbay::engine
