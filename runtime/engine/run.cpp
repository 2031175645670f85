#include "runtime/engine/run.hpp"

#include "runtime/engine/child.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/engine/recovery.hpp"
#include "runtime/engine/shard.hpp"
#include "runtime/engine/tool_call.hpp"
#include "runtime/engine/work_span.hpp"

#include <cassert>

namespace patchbay::engine {
namespace {

constexpr size_t open_bytes_high = 16 * 1024;  // who answers pauses
constexpr size_t open_bytes_low = 4 * 1024;    // and goes on

// It may be large, and no client is shown it.
RunRecord without_request(RunRecord record) {
    record.request_json = {};
    return record;
}

}  // namespace

Run::Run(Interaction& interaction, RunRecord record, RunRequest request, TurnChoice choice)
    : interaction_(interaction),
      record_(std::move(record)),
      request_(std::move(request)),
      choice_(std::move(choice)),
      options_(interaction.shard().options()),
      trace_(trace_of_run(record_.id, request_.traceparent)),
      output_(interaction.id(), record_.id),
      committed_(without_request(record_)),
      questions_(*this),
      token_(std::make_shared<Run*>(this)) {}

Run::~Run() {
    assert(!output_.in_flight() || interaction_.shard().draining());
    stop_timers();
    state_ = State::ended;
    stop_agent(PATCHBAY_REASON_SHUTDOWN);
    interaction_.shard().forget_dirty(*this);
}

Shard& Run::shard() const { return interaction_.shard(); }

std::string Run::committed_text() const {
    auto text = transcript_.text() + (tail_ ? tail_->text : "");
    text.resize(std::min(text.size(), committed_text_));
    return text;
}

std::string Run::committed_questions() const {
    return patchbay::is_open(committed_.status) ? committed_questions_ : "[]";
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
    arm_deadline(options_->run_timeout);
    // A key that turns out to be used must not cost a second answer.
    start_wanted_ = claim_ && !begun_;
    if (start_wanted_) return;
    if (is_restored_) return go_on_when_committed();
    open_agent();
}

// ---- the flow ----

void Run::flush() {
    if (state_ == State::ended || output_.in_flight() || retry_timer_ != 0) return;
    if (!output_.has_open()) return;
    on_commit_ = std::exchange(on_next_commit_, {});
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
    note_committed_record(batch);
}

void Run::note_committed_record(const Batch& batch) {
    for (const auto& projection : batch.projections) {
        if (const auto* const inserted = std::get_if<InsertRun>(&projection))
            committed_ = without_request(inserted->record);
        if (const auto* const updated = std::get_if<UpdateRun>(&projection))
            committed_ = without_request(updated->record);
    }
    // Where the log has put it, which records that were made before do not know.
    committed_.first_seq = record_.first_seq;
    committed_.last_seq = record_.last_seq;
}

void Run::after_commit() {
    if (!begun_) {
        begun_ = true;
        tell_begun({});
        if (std::exchange(start_wanted_, false) && state_ == State::running) open_agent();
    }
    for (auto& callback : std::exchange(on_commit_, {})) callback();
    if (output_.has_open()) return interaction_.shard().mark_dirty(*this);
    if (state_ == State::ending) return settle_ended();
    relieve();
}

void Run::on_refused(Batch& batch) {
    if (begun_) return on_storage_failure(batch);
    output_.committed();
    stop_timers();
    state_ = State::ended;  // what it has said since is never written
    stop_agent(PATCHBAY_REASON_CLIENT);
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
    if (!paused_ || blocked() || output_.open_bytes() >= open_bytes_low) return;
    paused_ = false;
    for (auto* const tool : std::exchange(held_tools_, {})) tool->resume();
    for (auto* const child : std::exchange(held_children_, {})) child->relieve();
    if (root_) root_->resume();
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

void Run::when_committed(std::move_only_function<void()> callback) {
    if (output_.has_open()) {
        shard().mark_dirty(*this);
        return on_next_commit_.push_back(std::move(callback));
    }
    if (output_.in_flight()) return on_commit_.push_back(std::move(callback));
    // All is committed: a moment that comes at once, and yet not inside a plugin's call.
    shard().lane().post([guard = std::weak_ptr(token_), callback = std::move(callback)]() mutable {
        if (const auto alive = guard.lock()) callback();
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
