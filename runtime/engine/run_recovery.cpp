// Run: what happens to it after a crash, and while the store refuses to write.
#include "runtime/engine/child.hpp"
#include "runtime/engine/context.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/recovery.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/usage.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace patchbay::engine {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr size_t page_events = 1000;
constexpr size_t page_bytes = 1024 * 1024;
constexpr auto storage_retry = 250ms;
constexpr auto storage_patience = 10s;

Result<std::vector<Event>> read_all(Store& store, const InteractionId& interaction,
                                    const RunId& run, uint64_t after) {
    std::vector<Event> events;
    while (true) {
        auto page = store.events(interaction, after, page_events, page_bytes, run);
        if (!page) return std::unexpected(page.error());
        if (page->read_to <= after) return events;
        after = page->read_to;
        std::ranges::move(page->events, std::back_inserter(events));
    }
}

// Of a result that says no output. An agent's own may be any JSON.
std::string error_of(const json& result) {
    const auto error = result.find("error");
    if (error == result.end()) return "failed";
    return error->is_string() ? error->get<std::string>() : error->dump();
}

}  // namespace

void Run::recover() {
    begun_ = true;
    state_ = State::recovering;
    read_remains(&Run::resume_from);
}

void Run::recover_queued() {
    begun_ = true;
    state_ = State::queued;
    read_remains(&Run::queue_again);
}

// Until this is done, nothing may end the run: its message would lack what was shown.
void Run::read_remains(void (Run::*then)(Remains remains)) {
    auto read = [id = interaction_.id(), run = record_.id, turn = record_.turn,
                 window = window_tokens(choice_.model, request_.max_tokens),
                 after = record_.first_seq - std::min<uint64_t>(record_.first_seq, 1)](
                    Store& store) -> Result<Remains> {
        const auto events = read_all(store, id, run, after);
        if (!events) return std::unexpected(events.error());
        auto remains = Remains::of(*events);
        const auto messages = messages_for(store, id, turn, remains.content_json, window);
        if (!messages) return std::unexpected(messages.error());
        remains.prompt_estimate = estimate_tokens(*messages);
        return remains;
    };
    interaction_.shard().read_for_run(*this, std::move(read),
                                      [then](Run& run, Result<Remains> remains) {
                                          if (remains) return (run.*then)(std::move(*remains));
                                          run.on_unreadable(then, remains.error());
                                      });
}

// Tries again for a while: then the conversation must go on, without what cannot be read.
void Run::on_unreadable(void (Run::*then)(Remains remains), const Error& error) {
    if (state_ != State::recovering && state_ != State::queued) return;  // it was ended meanwhile
    spdlog::error("run {}: its log cannot be read: {}", record_.id.str(), error.message);
    auto& loop = interaction_.shard().loop();
    if (failing_since_ == net::Clock::time_point{}) failing_since_ = loop.now();
    if (loop.now() - failing_since_ > storage_patience) {
        state_ = State::running;
        for (auto& callback : std::exchange(on_recovered_, {})) callback();
        return fail(error);
    }
    retry_timer_ = loop.after(storage_retry, [this, then] {
        retry_timer_ = 0;
        read_remains(then);
    });
}

void Run::queue_again(Remains remains) {
    if (state_ != State::queued) return;
    is_restored_ = true;
    content_json_ = std::move(remains.content_json);
    if (viewers_ == 0) apply_disconnect();
    interaction_.start_next();
}

// Takes over what the log tells, and then does what the policy says. What was asked of the run
// meanwhile comes in between: a call that waited when the server stopped is known as one by then.
void Run::resume_from(Remains remains) {
    state_ = State::running;
    restore(remains);
    shard().counters().runs_recovered.fetch_add(1, std::memory_order_relaxed);
    const auto reason = reason_to_end(remains);
    if (!reason) prepare_recovery(remains);
    for (auto& callback : std::exchange(on_recovered_, {})) callback();
    if (state_ != State::running) return;
    if (reason) return interrupt(*reason);
    // Who left a run that waits for a person has left nothing that costs anything.
    if (viewers_ == 0 && !questions_.any_open()) apply_disconnect();
    if (state_ == State::running) take_up_open_calls();
}

// One that waited for a person was not cut short, whatever its policy: it waits on. And it may so
// over any number of stops, unless a tool would act again beside the question.
std::optional<std::string_view> Run::reason_to_end(const Remains& remains) const {
    bool acts_again = false;
    for (const auto& call : remains.calls) {
        if (call.result_json || questions_.is_open_for(call.id)) continue;
        if (!call.idempotent) return "The server stopped during a tool call.";
        acts_again = true;
    }
    const bool waits = questions_.any_open();
    if (!waits && request_.on_crash == OnCrash::settle) return "The server stopped.";
    if ((acts_again || !waits) && record_.attempt >= options_->attempts_limit)
        return "The server stopped too often during this run.";
    return std::nullopt;
}

void Run::prepare_recovery(Remains& remains) {
    recovery_ = std::make_unique<Recovery>(*this);
    recovery_->last_seq = remains.last_seq;
    recovery_->shown_from = remains.shown_from;
    for (auto& call : remains.calls) {
        if (!call.result_json) recovery_->open_calls.push_back(std::move(call));
    }
    questions_.arm_restored();
    time_left_ = options_->run_timeout;
    run_or_stop_clock();
}

void Run::restore(Remains& remains) {
    content_json_ = std::move(remains.content_json);
    transcript_ = std::move(remains.transcript);
    committed_text_ = transcript_.text().size() + remains.tail.size();
    if (remains.tail_from != 0)
        tail_ = Tail{std::move(remains.tail), remains.tail_from, remains.last_seq};
    prompt_estimate_ = remains.prompt_estimate;
    if (remains.usage) ledger_.restore(*remains.usage);
    for (const auto& call : remains.calls) {
        // What repeats another is no act of its own: there is nothing that it could stand for.
        if (call.repeats) {
            call_ids_.restore_repeat(call.id);
            continue;
        }
        call_ids_.restore(call.id, call.is_wish);
        if (call.result_json) record(call, *call.result_json);
    }
    for (const auto& payload : remains.questions) {
        if (payload.contains("decision")) {
            questions_.restore_answer(payload);
        } else {
            questions_.restore_open(payload);
        }
    }
    committed_questions_ = questions_.open_json().dump();
    for (const auto& call : remains.calls) {
        if (!call.result_json)
            open_calls_.add({.id = call.id,
                             .agent = call.agent,
                             .idempotent = call.idempotent,
                             .may_have_acted = !questions_.is_open_for(call.id)});
    }
}

// The result of a call that was made before: for who makes it again.
void Run::record(const RemainingCall& call, const std::string& result_json) {
    const auto made = json::parse(call.payload_json);
    const auto result = json::parse(result_json);
    const auto output = result.find("output");
    recorded_.add({.id = call.id,
                   .name = made.value("name", ""),
                   .arguments_json = made.value("arguments", json::object()).dump(),
                   .output_json = output == result.end() ? "" : output->dump(),
                   .error = output == result.end() ? error_of(result) : "",
                   .idempotent = call.idempotent,
                   .is_own = call.agent.empty(),
                   .is_wish = call.is_wish,
                   .survives = call.survives});
}

// Of their progress: middleware that would have to see it is not asked yet.
patchbay_status Run::Recovery::deliver(std::span<const patchbay_event>) { return PATCHBAY_OK; }

// Each of them gets its result; those that wait for a person wait on. Then the agent is asked.
void Run::take_up_open_calls() {
    Recovery& recovery = *recovery_;
    if (!std::exchange(recovery.begun, true)) {
        recovery.running = recovery.open_calls.size();
        for (const auto& call : recovery.open_calls) {
            const bool own = call.agent.empty();
            auto& scope = *recovery.scopes.emplace_back(
                std::make_unique<Scope>(*this, recovery,
                                        Scope::Place{.agent = own ? record_.agent : call.agent,
                                                     .is_root = own,
                                                     .ledger_entry = ledger_.open(std::nullopt),
                                                     .trace = trace_}));
            scope.take_up(call.payload_json, [this, &call](Result<plugins::ToolOutput> output) {
                note_taken_up(call, std::move(output));
            });
        }
    }
    if (recovery_ && recovery_->running == 0 && !questions_.any_open()) begin_next_attempt();
}

void Run::note_taken_up(const RemainingCall& call, Result<plugins::ToolOutput> output) {
    const auto* const error = !output ? &output.error() : output->error ? &*output->error : nullptr;
    record(call, error ? json{{"error", told_of_tool(*error)}}.dump(-1, ' ', false,
                                                                    json::error_handler_t::replace)
                       : "{\"output\":" + output->output_json + "}");
    --recovery_->running;
    take_up_open_calls();
}

// Before anything acts: what ends the server each time must come to the limit of attempts.
void Run::count_attempt() {
    if (!recovery_ || std::exchange(recovery_->counted, true)) return;
    ++record_.attempt;
    record_.started_at_ms = shard().unix_ms();
    say(EventKind::run_recovered, run_recovered_payload(recovery_->last_seq));
    output_.add(UpdateRun{record_});
}

void Run::begin_next_attempt() {
    count_attempt();
    const auto recovery = std::move(recovery_);
    record_.status = RunStatus::running;
    if (request_.on_crash == OnCrash::regenerate && recovery->shown_from != 0)
        answer_anew(recovery->shown_from, recovery->last_seq);
    output_.add(UpdateRun{record_});
    go_on_when_committed();
}

// What opens plugins after a start must be known to have begun, for they may end the server again.
void Run::go_on_when_committed() {
    when_committed([this] {
        if (state_ == State::running) ask_middleware_again();
    });
}

std::string Run::take_prefill() {
    if (!tail_) return "";
    const auto tail = *std::exchange(tail_, std::nullopt);
    transcript_.add_text(tail.text);
    return tail.text;
}

void Run::move_on_from_tail() {
    const auto tail = *std::exchange(tail_, std::nullopt);
    say(EventKind::attempt_superseded, attempt_superseded_payload(tail.from_seq, tail.to_seq));
    record_.superseded.emplace_back(tail.from_seq, tail.to_seq);
    committed_text_ = transcript_.text().size();
    output_.add(UpdateRun{record_});
}

void Run::when_recovered(std::move_only_function<void()> callback) {
    if (state_ != State::recovering) return callback();
    on_recovered_.push_back(std::move(callback));
}

void Run::answer_anew(uint64_t from_seq, uint64_t to_seq) {
    say(EventKind::attempt_superseded, attempt_superseded_payload(from_seq, to_seq));
    record_.superseded.emplace_back(from_seq, to_seq);
    tail_.reset();
    transcript_.drop_text();
    recorded_.take_back();
    committed_text_ = 0;
    say_steps_again();
    output_.add(UpdateRun{record_});
}

// What the run's own agent has done is done: who answers anew is told of it, as are readers.
void Run::say_steps_again() {
    for (auto& [payload, is_call] : transcript_.step_payloads())
        say(is_call ? EventKind::tool_call : EventKind::tool_result, std::move(payload));
}

// The store refused a batch of a run that has begun. Nothing is lost: its events are open again,
// the provider pauses, and the batch goes out anew until the store takes it.
void Run::on_storage_failure(Batch& batch) {
    auto& shard = interaction_.shard();
    output_.take_back(batch);
    std::ranges::move(on_next_commit_, std::back_inserter(on_commit_));
    on_next_commit_ = std::exchange(on_commit_, {});
    const auto now = shard.loop().now();
    if (failing_since_ == net::Clock::time_point{}) {
        failing_since_ = now;
        spdlog::warn("run {}: the store refused a batch, which is tried again: {}",
                     record_.id.str(), batch.error ? batch.error->message : "");
    }
    if (now - failing_since_ > storage_patience) give_up_on_storage();
    retry_timer_ = shard.loop().after(storage_retry, [this] {
        retry_timer_ = 0;
        interaction_.shard().mark_dirty(*this);
    });
}

// Viewers hear of it, and the upstream is let go; the outcome is written when the store is back.
void Run::give_up_on_storage() {
    const Error error{.code = ErrorCode::storage,
                      .message = "The server cannot store the answer now.",
                      .retryable = true,
                      .user_safe = true};
    if (state_ == State::running) fail(error);
    interaction_.end_viewers(&error, false);
}

}  // namespace patchbay::engine
