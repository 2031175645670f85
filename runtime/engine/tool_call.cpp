#include "runtime/engine/tool_call.hpp"

#include "runtime/engine/open_calls.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/recorded_calls.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

using nlohmann::json;

constexpr int64_t approval_time_ms = int64_t{24} * 60 * 60 * 1000;

Error refusal(ErrorCode code, std::string message) {
    return {.code = code, .message = std::move(message), .user_safe = true};
}

}  // namespace

ToolCall::ToolCall(Run& run, Scope& scope, Ask ask, plugins::OnAnswered<plugins::ToolOutput> done)
    : run_(run),
      parent_(scope),
      ask_(std::move(ask)),
      done_(std::move(done)),
      token_(std::make_shared<ToolCall*>(this)),
      offers_(run.shard().offers()) {
    if (ask_.arguments_json.empty()) ask_.arguments_json = "{}";
    tool_ = offers_->tools.find(parent_.place().agent, ask_.name);
}

ToolCall::~ToolCall() {
    run_.forget_held(*this);
    if (question_) question_->drop();
    if (answer_) answer_->cancel(run_.stop_reason());
}

void ToolCall::later(net::Task task) {
    run_.shard().lane().post([guard = std::weak_ptr(token_), task = std::move(task)]() mutable {
        if (const auto alive = guard.lock()) task();
    });
}

// ---- before it acts ----

void ToolCall::start() {
    is_wish_ = run_.call_ids().is_wish(ask_.call_id);
    if (ask_.call_id.empty()) ask_.call_id = run_.call_ids().of_agent();
    if (use_recorded()) return;
    ask_.call_id = run_.call_ids().of_call(ask_.call_id);
    run_.open_calls().add({.id = ask_.call_id,
                           .agent = run_.agent_label(parent_),
                           .idempotent = tool_ && tool_->info->idempotent});
    if (!parent_.transcript().has_call(ask_.call_id)) say_call();
    if (run_.recorded().may_repeat(ask_.name)) return interrupt_later();
    if (!tool_) {
        return fail_later(ErrorCode::not_found, "There is no tool '" + ask_.name + "'.");
    }
    if (!check_arguments()) return;
    approve();
}

// A decision of before counts: approve() finds it, also one that was made a moment ago.
void ToolCall::take_up() {
    if (tool_ && check_arguments()) return approve();
    run_.questions().withdraw_about(ask_.call_id);
    if (!tool_) fail_later(ErrorCode::not_found, is_gone());
}

std::string ToolCall::is_gone() const {
    return "The tool '" + ask_.name + "' is not there any more.";
}

bool ToolCall::use_recorded() {
    auto recorded = run_.recorded().take(ask_.name, ask_.arguments_json);
    if (!recorded) return false;
    const bool is_same = recorded->id == ask_.call_id;
    if (!is_same) ask_.call_id = run_.call_ids().of_repeat(ask_.call_id);
    // What the model asked for in this attempt is in the log under an id of its own.
    const bool is_logged = !is_same && parent_.transcript().has_call(ask_.call_id);
    if (!is_logged && !recorded->survives) say_call();
    // The log tells that nobody has acted: after a further crash it must not look like an act.
    if (is_logged || !recorded->survives)
        say_result(recorded->output_json, recorded->error, is_same ? "" : recorded->id);
    std::optional<Error> error;
    if (!recorded->error.empty()) error = refusal(ErrorCode::internal, recorded->error);
    complete_later(std::move(recorded->output_json), std::move(error));
    return true;
}

// Somebody has acted before a crash, and whoever wants this call was not told of that.
void ToolCall::interrupt_later() {
    later([this] {
        run_.interrupt("The server stopped after the tool '" + ask_.name +
                       "' had acted, and this call of it may be the same again.");
    });
}

bool ToolCall::check_arguments() {
    const auto fits = tool_->info->parameters->check(json::parse(ask_.arguments_json));
    if (fits) return true;
    fail_later(ErrorCode::bad_request, "The arguments do not fit: " + fits.error().message);
    return false;
}

void ToolCall::approve() {
    const auto& questions = run_.questions();
    const bool is_asked =
        questions.is_open_for(ask_.call_id) || questions.was_asked_for(ask_.call_id);
    if (!is_asked && tool_->approval == plugins::Approval::never) return act();
    Question question{.text = "May the tool '" + ask_.name + "' be called?",
                      .input_json = ask_.arguments_json,
                      .schema_json = tool_->info->parameters_json,
                      .tool_name = ask_.name,
                      .call_id = ask_.call_id,
                      .expires_at_ms = run_.shard().unix_ms() + approval_time_ms};
    auto asked =
        run_.questions().ask(std::move(question), [this](Result<plugins::Decision> decision) {
            question_ = nullptr;
            on_decision(std::move(decision));
        });
    if (!asked) return fail_later(asked.error().code, asked.error().message);
    question_ = *asked;
}

void ToolCall::on_decision(Result<plugins::Decision> decision) {
    const auto verdict = decision ? decision->decision : PATCHBAY_DECISION_EXPIRED;
    if (verdict == PATCHBAY_DECISION_EDITED) {
        edit(std::move(decision->input_json));
    } else if (verdict == PATCHBAY_DECISION_APPROVED) {
        // What was shown to who approved it: the log's own words may be a middleware's.
        ask_.arguments_json = std::move(decision->input_json);
    } else {
        const bool denied = verdict == PATCHBAY_DECISION_DENIED;
        auto error = refusal(ErrorCode::forbidden, denied ? "This call was denied."
                                                          : "Nobody approved this call in time.");
        if (denied && !decision->comment.empty()) error.message += " " + decision->comment;
        return settle("", &error);
    }
    act_after_waiting();
}

// Whoever reads of the call reads what was made of it.
void ToolCall::edit(std::string input_json) {
    ask_.arguments_json = std::move(input_json);
    parent_.transcript().edit_call(ask_.call_id, ask_.arguments_json);
}

// Days may have passed: what the config says of the tool now counts.
void ToolCall::act_after_waiting() {
    offers_ = run_.shard().offers();
    tool_ = offers_->tools.find(parent_.place().agent, ask_.name);
    if (!tool_) {
        const auto gone = refusal(ErrorCode::not_found, is_gone());
        return settle("", &gone);
    }
    if (check_arguments()) act();
}

// ---- acting ----

// Whatever happens from here on, the log knows of the call.
void ToolCall::act() {
    work_.emplace(run_);
    run_.open_calls().acts(ask_.call_id);
    run_.count_attempt();
    run_.when_committed([guard = std::weak_ptr(token_), this] {
        const auto alive = guard.lock();
        if (!alive) return;
        begin_span();
        scope_ = std::make_unique<Scope>(run_, *this,
                                         Scope::Place{.agent = parent_.place().agent,
                                                      .depth = parent_.place().depth + 1,
                                                      .ledger_entry = parent_.place().ledger_entry,
                                                      .trace = span_->context()});
        const plugins::ToolCall call{.name = ask_.name,
                                     .arguments_json = ask_.arguments_json,
                                     .call_id = ask_.call_id,
                                     .interaction_id = run_.interaction().id().str(),
                                     .run_id = run_.id().str(),
                                     .owner = run_.interaction().record().owner,
                                     .traceparent = span_->traceparent(),
                                     .deadline_ms = run_.deadline_ms()};
        const auto answer =
            plugins::Answer::open(run_.shard().lane(), tool_->instance, call, *this, *scope_);
        if (!answer) return settle("", &answer.error());
        answer_ = *answer;
    });
}

void ToolCall::begin_span() {
    span_.emplace(run_.shard(), parent_.place().trace, "tool");
    span_->add("run", run_.id().str());
    span_->add("tool", ask_.name);
    span_->add("tool_call", ask_.call_id);
}

patchbay_status ToolCall::on_events(std::span<const patchbay_event> events) {
    return deliver(events);
}

// What a tool says of its progress is shown; its result is kept.
patchbay_status ToolCall::deliver(std::span<const patchbay_event> events) {
    auto status = PATCHBAY_OK;
    for (const auto& event : events) {
        const bool is_shown =
            event.kind == PATCHBAY_EVENT_STATUS || event.kind == PATCHBAY_EVENT_PROGRESS ||
            event.kind == PATCHBAY_EVENT_METADATA || event.kind == PATCHBAY_EVENT_CUSTOM;
        if (is_shown && run_.show(event, *this) == PATCHBAY_PAUSE) status = PATCHBAY_PAUSE;
        if (event.kind == PATCHBAY_EVENT_TOOL_RESULT) note_result(event);
    }
    return status;
}

void ToolCall::note_result(const patchbay_event& event) {
    output_json_.assign(event.text.data, event.text.size);
    failure_.reset();
    if ((event.flags & PATCHBAY_EVENT_FAILED) != 0)
        failure_ = refusal(ErrorCode::internal, output_json_);
}

void ToolCall::resume() {
    if (answer_) answer_->resume();
    if (scope_) scope_->resume_forwarded();
}

void ToolCall::on_finish(uint32_t reason, const Error* error) {
    answer_ = nullptr;
    if (reason == PATCHBAY_FINISH_ERROR) {
        Error told = error ? *error : Error{.message = "The tool failed without a reason."};
        // A tool's own word: nobody has cancelled this call.
        if (told.code == ErrorCode::cancelled) told.code = ErrorCode::internal;
        return settle("", &told);
    }
    if (reason == PATCHBAY_FINISH_STOP && failure_) return settle("", &*failure_);
    if (reason == PATCHBAY_FINISH_STOP && !output_json_.empty())
        return settle(output_json_, nullptr);
    const auto nothing = refusal(ErrorCode::internal, "The tool ended without a result.");
    settle("", &nothing);
}

// ---- the end ----

void ToolCall::settle(const std::string& output_json, const Error* error) {
    settled_ = true;
    if (span_) span_->end(error ? "failed" : "completed", error);
    say_result(output_json, error ? told_of_tool(*error) : "");
    plugins::ToolOutput output{.call_id = ask_.call_id, .output_json = output_json};
    if (error) output.error = *error;
    const auto self = parent_.release(*this);
    done_(std::move(output));
}

void ToolCall::fail_later(ErrorCode code, std::string message) {
    later([this, error = refusal(code, std::move(message))] { settle("", &error); });
}

// For a result that is in the log already.
void ToolCall::complete_later(std::string output_json, std::optional<Error> error) {
    settled_ = true;
    later([this, output = plugins::ToolOutput{ask_.call_id, std::move(output_json),
                                              std::move(error)}]() mutable {
        const auto self = parent_.release(*this);
        done_(std::move(output));
    });
}

void ToolCall::say_call() {
    const auto payload = tool_call_payload({.id = ask_.call_id,
                                            .name = ask_.name,
                                            .arguments_json = ask_.arguments_json,
                                            .idempotent = tool_ && tool_->info->idempotent,
                                            .extra_json = ask_.extra_json,
                                            .agent = run_.agent_label(parent_),
                                            .is_wish = is_wish_});
    run_.say(EventKind::tool_call, payload);
    parent_.transcript().add_tool_call(payload);
}

void ToolCall::say_result(const std::string& output_json, const std::string& error,
                          const std::string& repeats) {
    const auto payload = tool_result_payload({.id = ask_.call_id,
                                              .output_json = output_json,
                                              .error = error,
                                              .agent = run_.agent_label(parent_),
                                              .repeats = repeats});
    run_.say(EventKind::tool_result, payload);
    parent_.transcript().add_tool_result(payload);
    run_.open_calls().ended(ask_.call_id);
}

void ToolCall::drop() {
    const bool in_doubt = work_ && !tool_->info->idempotent;
    if (!settled_ && run_.is_running())
        say_result("", in_doubt ? std::string(call_in_doubt) : "The call was cancelled.");
    const auto self = parent_.release(*this);
}

}  // namespace patchbay::engine
