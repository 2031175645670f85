#include "runtime/engine/interaction.hpp"

#include "runtime/engine/shard.hpp"

#include <algorithm>

namespace patchbay::engine {
namespace {

constexpr size_t page_events = 512;
constexpr size_t page_bytes = 64 * 1024;

}  // namespace

Interaction::Interaction(Shard& shard, InteractionRecord record, MessageId last_message,
                         bool persisted)
    : shard_(shard),
      record_(std::move(record)),
      last_message_(last_message),
      persisted_(persisted) {}

// ---- turns ----

void Interaction::begin_turn(TurnRequest request, Result<TurnChoice> choice, Done done) {
    if (closing_) {
        const Error gone{.code = ErrorCode::not_found, .message = "No such interaction."};
        return done(std::unexpected(TurnRefused{gone, {}, 0}));
    }
    if (Run* same = find_run_with_key(request.idempotency_key)) {
        return join_run_with_key(*same, request, std::move(done));
    }
    if (!choice) {
        return shard_.refuse(request, TurnRefused{choice.error(), {}, 0}, std::move(done));
    }
    if (auto refused = refusal_of(request)) {
        return shard_.refuse(request, std::move(*refused), std::move(done));
    }
    Run& run = make_run(request, *choice);
    const auto queued = static_cast<size_t>(
        std::ranges::count(runs_, Run::State::queued, [](auto& r) { return r->state(); }));
    Run::Opening opening{.content_json = std::move(request.content_json),
                         .position = runs_.size() == 1 ? 0 : std::max<size_t>(queued, 1)};
    if (!persisted_) opening.make = InsertInteraction{record_};
    if (!request.idempotency_key.empty()) {
        opening.claim = {request.owner, request.idempotency_key, request.request_sha256};
    }
    const bool at_once = opening.position == 0;
    run.begin(std::move(opening));
    last_message_ = run.request().answer_message;
    run.when_begun([this, id = run.id(), policy = request.on_conflict,
                    done = std::move(done)](const Begun& begun) mutable {
        on_begun(id, policy, begun, std::move(done));
    });
    if (at_once) run.start();
}

std::optional<TurnRefused> Interaction::refusal_of(const TurnRequest& request) const {
    // A turn that is being committed has changed it, too.
    const bool changing =
        !std::ranges::all_of(runs_, &Run::has_begun, [](auto& run) -> const Run& { return *run; });
    if (request.if_match && (changing || *request.if_match != last_seq())) {
        return TurnRefused{{.code = ErrorCode::precondition_failed,
                            .message = "The interaction has changed since.",
                            .user_safe = true},
                           {},
                           last_seq()};
    }
    if (request.on_conflict == OnConflict::reject && !runs_.empty()) {
        return TurnRefused{{.code = ErrorCode::conflict,
                            .message = "Another run of this interaction is active.",
                            .retryable = true,
                            .user_safe = true},
                           runs_.front()->id(),
                           last_seq()};
    }
    const auto waiting =
        std::ranges::count(runs_, Run::State::queued, [](const auto& run) { return run->state(); });
    if (static_cast<size_t>(waiting) >= shard_.options()->queue_limit) {
        return TurnRefused{{.code = ErrorCode::queue_full,
                            .message = "Too many runs of this interaction are waiting.",
                            .retryable = true,
                            .user_safe = true,
                            .retry_after_ms = 1000},
                           runs_.front()->id(),
                           last_seq()};
    }
    return std::nullopt;
}

Run* Interaction::find_run_with_key(const std::string& key) {
    if (key.empty()) return nullptr;
    const auto has_key = [&](const auto& run) { return run->claim() && run->claim()->key == key; };
    const auto found = std::ranges::find_if(runs_, has_key);
    return found == runs_.end() ? nullptr : found->get();
}

void Interaction::join_run_with_key(Run& run, const TurnRequest& request, Done done) {
    const Batch::Duplicate same{run.id(), id(), run.claim()->request_sha256};
    run.when_begun(
        [same, sha = request.request_sha256, done = std::move(done)](const Begun& begun) mutable {
            if (begun.error) return done(std::unexpected(TurnRefused{*begun.error, {}, 0}));
            done(started_before(same, sha));
        });
}

TurnResult started_before(const Batch::Duplicate& duplicate, const std::string& request_sha256) {
    if (duplicate.request_sha256 != request_sha256) {
        return std::unexpected(
            TurnRefused{{.code = ErrorCode::idempotency_mismatch,
                         .message = "This Idempotency-Key was used for another request.",
                         .user_safe = true},
                        {},
                        0});
    }
    return TurnStarted{
        .interaction = duplicate.interaction, .run = duplicate.run, .duplicate = true};
}

Run& Interaction::make_run(const TurnRequest& request, const TurnChoice& choice) {
    RunRequest kept{.agent = request.agent,
                    .model = request.model,
                    .method = request.method,
                    .input_json = request.input_json,
                    .surface = request.surface,
                    .credential_id = request.credential_id,
                    .role = request.role,
                    .options_json = request.options_json,
                    .max_tokens = request.max_tokens,
                    .on_disconnect = request.on_disconnect,
                    .on_crash = request.on_crash,
                    .traceparent = request.traceparent,
                    .user_message = MessageId::make(),
                    .answer_message = MessageId::make()};
    if (request.middleware) {
        kept.system = request.middleware->system();
        kept.answer = request.middleware->answer();
    }
    RunRecord record{.id = RunId::make(),
                     .interaction = id(),
                     .turn = ++record_.turns,
                     .agent = request.agent,
                     .provider = choice.model.provider ? name_of(*choice.model.provider) : "",
                     .model = choice.model.model.id,
                     .request_json = to_json_text(kept)};
    runs_.push_back(std::make_unique<Run>(*this, std::move(record), std::move(kept), choice));
    runs_.back()->set_middleware(request.middleware);
    shard_.counters().active_runs.fetch_add(1);
    return *runs_.back();
}

void Interaction::on_begun(const RunId& run, OnConflict policy, const Begun& begun, Done done) {
    if (begun.duplicate_of) {
        return done(started_before(*begun.duplicate_of, begun.claimed_sha256));
    }
    if (begun.error) return done(std::unexpected(TurnRefused{*begun.error, {}, last_seq()}));
    const Run& begun_run = *find_run(run);
    const TurnStarted started{.interaction = id(),
                              .run = run,
                              .turn = begun_run.record().turn,
                              .before_seq = begun_run.record().first_seq - 1};
    push_aside(run, policy);
    done(started);
}

// Only now that the newcomer's message is durable does the active run have to go.
void Interaction::push_aside(const RunId& newcomer, OnConflict policy) {
    Run* running = active();
    if (running == nullptr || running->id() == newcomer) return;
    if (policy == OnConflict::interrupt) running->cancel(CancelledBy::client);
    if (policy == OnConflict::rollback) running->cancel(CancelledBy::rollback);
}

void Interaction::adopt(RunRecord record, RunRequest request, TurnChoice choice) {
    record_.turns = std::max(record_.turns, record.turn);
    last_message_ = request.answer_message;
    runs_.push_back(
        std::make_unique<Run>(*this, std::move(record), std::move(request), std::move(choice)));
    shard_.counters().active_runs.fetch_add(1);
}

void Interaction::recover() {
    for (auto& run : runs_) {
        if (run->record().status == RunStatus::queued) {
            run->recover_queued();
        } else {
            run->recover();
        }
    }
}

Run* Interaction::find_run(const RunId& run) {
    const auto found = std::ranges::find(runs_, run, [](auto& r) { return r->id(); });
    return found == runs_.end() ? nullptr : found->get();
}

Run* Interaction::active() {
    if (runs_.empty() || runs_.front()->state() == Run::State::queued) return nullptr;
    return runs_.front().get();
}

bool Interaction::is_running() {
    Run* const running = active();
    return running && !running->only_waits();
}

void Interaction::run_ended(Run& run) {
    shard_.counters().runs_ended.fetch_add(1, std::memory_order_relaxed);
    remove_run(run);
    start_next();
    if (runs_.empty()) deliver();  // viewers that waited for more may end now
}

void Interaction::begin_failed(Run& run) {
    if (run.record().turn == record_.turns) --record_.turns;  // the number was never seen
    remove_run(run);
    start_next();
    if (runs_.empty()) deliver();
}

void Interaction::remove_run(Run& run) {
    const auto found = std::ranges::find(runs_, &run, [](auto& r) { return r.get(); });
    gone_.push_back(std::move(*found));
    runs_.erase(found);
    shard_.run_is_gone();
    shard_.mark_for_sweep(*this);
}

void Interaction::start_next() {
    if (runs_.empty() || shard_.draining()) return;
    Run& next = *runs_.front();
    if (next.state() == Run::State::queued && next.ready()) next.start();
}

void Interaction::on_commit(Run& run, Batch& batch) {
    if (batch.error) return run.on_refused(batch);
    persisted_ = true;
    record_.last_seq = batch.last_seq;
    record_.updated_at_ms = shard_.unix_ms();
    run.note_commit(batch);
    for (auto& event : batch.events) window_.push(std::move(event));
    deliver();
    run.after_commit();
}

void Interaction::interrupt_runs(std::string_view reason) {
    Run* const running = active();
    if (running && !running->only_waits()) running->interrupt(reason);
}

void Interaction::cancel_all(CancelledBy by, std::move_only_function<void()> done) {
    closing_ = true;
    for (size_t i = runs_.size(); i-- > 0;) runs_[i]->cancel(by);  // the last first: none starts
    if (runs_.empty()) return done();
    runs_.front()->when_ended(
        0, [this, by, done = std::move(done)]() mutable { cancel_all(by, std::move(done)); });
}

void Interaction::removed(bool done) {
    closing_ = done;
    if (done) end_viewers(nullptr, false);
}

void Interaction::let_go() {
    closing_ = true;
    end_viewers(nullptr, false);
    for (auto& run : runs_) run->let_go();
}

void Interaction::list_runs(std::vector<StreamInfo>& infos) const {
    for (const auto& run : runs_) {
        if (!run->has_begun()) continue;
        const auto& record = run->committed_record();
        infos.push_back({.interaction = id(),
                         .run = run->id(),
                         .owner = record_.owner,
                         .status = record.status,
                         .provider = record.provider,
                         .model = record.model,
                         .viewers = viewers_of(run->id()),
                         .lane = shard_.lane().index(),
                         .started_at_ms = record.started_at_ms});
    }
}

// ---- viewers ----

void Interaction::add_viewer(ViewerSpec spec) {
    viewers_.push_back(std::make_unique<Viewer>(next_viewer_++, *this, std::move(spec)));
    shard_.counters().viewers.fetch_add(1, std::memory_order_relaxed);
    tell_runs_of_viewers();
    viewers_.back()->pump();
    relieve();  // the others may all be full
}

void Interaction::viewer_ended(Viewer&, bool left) {
    shard_.counters().viewers.fetch_sub(1, std::memory_order_relaxed);
    if (left && !closing_) tell_runs_of_viewers();
    shard_.mark_for_sweep(*this);
}

void Interaction::tell_runs_of_viewers() {
    for (size_t i = 0; i < runs_.size(); ++i) {
        runs_[i]->viewers_changed(viewers_of(runs_[i]->id()));
    }
}

size_t Interaction::viewers_of(const RunId& run) const {
    return static_cast<size_t>(std::ranges::count_if(
        viewers_, [&](const auto& viewer) { return !viewer->ended() && viewer->shows(run); }));
}

bool Interaction::viewers_full(const RunId& run) const {
    if (!some_viewer_was_full_) return false;
    bool watched = false;
    for (const auto& viewer : viewers_) {
        if (viewer->ended() || !viewer->shows(run)) continue;
        if (!viewer->full()) return false;
        watched = true;
    }
    return watched;
}

void Interaction::relieve() {
    if (Run* running = active()) running->relieve();
}

void Interaction::deliver() {
    uint64_t shown_by_all = last_seq();
    some_viewer_was_full_ = false;
    for (size_t i = 0; i < viewers_.size(); ++i) {  // by index: a pump may bring a viewer
        viewers_[i]->pump();
        if (!viewers_[i]->ended()) shown_by_all = std::min(shown_by_all, viewers_[i]->cursor());
    }
    window_.trim(shown_by_all);
}

void Interaction::note_compaction(uint64_t compacted_to) {
    record_.compacted_to = std::max(record_.compacted_to, compacted_to);
}

void Interaction::read_page_for(Viewer& viewer, uint64_t after, const std::optional<RunId>& only) {
    auto read = [id = id(), after, only](Store& store) {
        return store.events(id, after, page_events, page_bytes, only);
    };
    pin();
    shard_.read(std::move(read), [this, viewer = viewer.id()](Result<EventPage> page) {
        if (Viewer* reader = find_viewer(viewer)) reader->on_page(std::move(page));
        unpin();
    });
}

Viewer* Interaction::find_viewer(uint64_t viewer) {
    const auto found = std::ranges::find(viewers_, viewer, [](auto& v) { return v->id(); });
    return found == viewers_.end() ? nullptr : found->get();
}

void Interaction::end_viewers(const Error* error, bool only_idle) {
    for (size_t i = 0; i < viewers_.size(); ++i) {
        if (only_idle && has_open_runs()) return;
        viewers_[i]->end_with(error);
    }
}

// ---- life ----

void Interaction::unpin() {
    if (--pins_ == 0) shard_.mark_for_sweep(*this);
}

bool Interaction::idle() const { return runs_.empty() && viewers_.empty() && pins_ == 0; }

void Interaction::sweep() {
    gone_.clear();
    std::erase_if(viewers_, [](const auto& viewer) { return viewer->ended(); });
}

}  // namespace patchbay::engine
