// A run: one turn's answer, from its place in the queue to its one outcome.
//
//   queued → running → ending → ended;   recovering → running, after a crash
//
// While it runs, its agent answers (child.hpp, scope.hpp); a question to a person (questions.hpp)
// makes it wait, and it is running all the same.
//
// Life       owned by its interaction; goes when it has ended and nothing of it is at the writer.
// Threads    [lane] all of it.
#pragma once

#include "runtime/engine/call_ids.hpp"
#include "runtime/engine/offers.hpp"
#include "runtime/engine/open_calls.hpp"
#include "runtime/engine/questions.hpp"
#include "runtime/engine/recorded_calls.hpp"
#include "runtime/engine/run_output.hpp"
#include "runtime/engine/run_request.hpp"
#include "runtime/engine/transcript.hpp"
#include "runtime/engine/usage_ledger.hpp"
#include "runtime/observe/trace_context.hpp"
#include "runtime/plugins/run_scope.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

class Child;
class Interaction;
class Scope;
class Shard;
class ToolCall;
struct Remains;        // remains.hpp
struct RemainingCall;  // there, too

// What became of a run's first batch.
struct Begun {
    std::optional<Error> error;                    // refused; the run is gone
    std::optional<Batch::Duplicate> duplicate_of;  // because of its idempotency key
    std::string claimed_sha256;                    // what the refused run's request was
};

class Run final : public plugins::ChildListener {
public:
    enum class State { queued, recovering, running, ending, ended };

    Run(Interaction& interaction, RunRecord record, RunRequest request, TurnChoice choice);
    ~Run() override;
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    const RunId& id() const { return record_.id; }
    const RunRecord& record() const { return record_; }
    const RunRequest& request() const { return request_; }
    Interaction& interaction() { return interaction_; }
    State state() const { return state_; }
    bool is_open() const { return state_ != State::ended; }

    // The answer as far as it is committed: what a snapshot shows.
    std::string committed_text() const;

    // The same of its record, without the request, and of the questions that are open, a JSON
    // array: what a client may be told. For a run whose first batch is committed.
    const RunRecord& committed_record() const { return committed_; }
    std::string committed_questions() const;

    // ---- beginning ----

    // What the first batch writes beside the run itself.
    struct Opening {
        std::string content_json;               // the user's message
        size_t position = 0;                    // in the queue; 0 = it starts at once
        std::optional<InsertInteraction> make;  // an interaction that is to be made
        std::optional<ClaimIdempotencyKey> claim;
    };

    // Puts the first events into the open buffer: the user's message, and run.started or, when it
    // has to wait, run.queued.
    void begin(Opening opening);

    // What middleware has made of its turn; nullptr: there is none.
    void set_middleware(std::shared_ptr<MiddlewareChain> chain) { middleware_ = std::move(chain); }

    // Calls back when the first batch is committed or refused; at once when it is committed.
    using OnBegun = std::move_only_function<void(const Begun&)>;
    void when_begun(OnBegun callback);

    bool has_begun() const { return begun_; }

    // The idempotency key that the first batch claims, or nullptr.
    const ClaimIdempotencyKey* claim() const { return claim_ ? &*claim_ : nullptr; }

    // Starts to answer: its agent is opened. For a queued run: run.started goes to the log first.
    // [once]
    void start();

    // Goes on after a crash, as its policy says; for a run that was running.
    void recover();
    // Takes its place in the queue again.
    void recover_queued();
    // Calls back once what the log tells of the run is known; at once when it is.
    void when_recovered(std::move_only_function<void()> callback);
    bool ready() const { return !content_json_.empty(); }  // queued, and its message is known

    // ---- ending; each does nothing when the end is under way ----

    void cancel(CancelledBy by);
    void let_go();  // the server stops: the provider goes, and no outcome is written
    void interrupt(std::string_view reason);

    // ---- the flow ----

    bool dirty = false;  // the shard's: it will flush() at the end of this turn
    void flush();        // a batch goes to the writer, when none is there and some is open
    void note_commit(const Batch& batch);  // it came back committed; its events still there
    void after_commit();                   // its events have been delivered
    void on_refused(Batch& batch);         // it came back refused
    void relieve();  // viewers have room, or bytes were committed: perhaps go on
    void viewers_changed(size_t viewers);  // how many watch it now

    // Calls back once the run has ended (at once, when it has).
    void when_ended(uint64_t waiter, std::move_only_function<void()> callback);
    void forget_waiter(uint64_t waiter);

    // A person's answer to a question of this run: see Questions::answer(). What it says passes the
    // middleware of the turn first, which may refuse it. `done` hears when it is committed.
    using OnAnswerTaken = std::move_only_function<void(Result<void>)>;
    void answer(std::string request_id, plugins::Decision decision, OnAnswerTaken done);

    // Nothing but answers of people can move it: it may be left as it is when the server stops.
    bool only_waits() const;

    // ---- for what answers in it ----

    // Held by a model that answers and a tool that acts: the server's stop gives them their time.
    class Work {
    public:
        explicit Work(Run& run);
        ~Work();
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;

    private:
        Run& run_;
    };

    bool is_running() const { return state_ == State::running; }
    Shard& shard() const;
    void say(EventKind kind, std::string payload);

    // What a tool says of its progress. PAUSE: `tool` hears when there is room.
    patchbay_status show(const patchbay_event& event, ToolCall& tool);
    void forget_held(const ToolCall& tool) { std::erase(held_tools_, &tool); }

    // Tool calls and results of a child go straight into the log. PAUSE: it has no room for more
    // now, and child.relieve() follows.
    patchbay_status room_for(Child& child);
    bool holds(const Child& child) const { return std::ranges::count(held_children_, &child) > 0; }
    void forget_held(const Child& child) { std::erase(held_children_, &child); }

    // The payload. `agent`: whose call it is; `label`: how the log names that one.
    std::string say_tool_call(const patchbay_event& event, const std::string& agent,
                              std::string label);

    // After a crash, for a tool that is about to act: the next attempt begins with it. Does nothing
    // once that has begun.
    void count_attempt();

    // Calls back on a later turn, when all that was said until now is committed. Not when the run
    // goes before.
    void when_committed(std::move_only_function<void()> callback);

    Result<void> admit_child(uint32_t depth);  // limit
    // forbidden: middleware stands before such a child that this turn has not passed.
    Result<void> admit_child_of(const std::string& agent, const ModelChoice& model) const;
    Result<void> admit_model() const;      // quota_exceeded
    Result<void> admit_tool_call() const;  // limit

    Transcript& transcript() { return transcript_; }
    UsageLedger& ledger() { return ledger_; }
    RecordedCalls& recorded() { return recorded_; }
    Questions& questions() { return questions_; }
    CallIds& call_ids() { return call_ids_; }
    OpenCalls& open_calls() { return open_calls_; }
    const std::string& content_json() const { return content_json_; }  // the user's message
    const observe::TraceContext& trace() const { return trace_; }
    int64_t deadline_ms() const { return deadline_ms_; }  // Unix time
    patchbay_reason stop_reason() const { return stop_reason_; }
    Result<ModelChoice> own_model() const;
    uint64_t window_tokens(const ModelChoice& model, uint32_t max_tokens) const;
    void read_history(uint64_t window_tokens, std::string done_json,
                      plugins::OnAnswered<std::string> done);

    // What an interrupted attempt had shown of its last answer, for a model that goes on from it.
    std::string take_prefill();

    // "" for the run's own agent: only others are named in the log.
    std::string agent_label(const Scope& scope) const;

    std::unique_ptr<Child> release_root();
    void questions_changed();  // one more, or one less, is open
    void question_answered();  // after who asked has heard of it

private:
    struct Recovery;

    patchbay_status on_events(std::span<const patchbay_event> events) override;
    void on_done(const patchbay_chat_end& end) override;

    void add_event(const patchbay_event& source);
    void say_due_usage();
    patchbay_status add_events(std::span<const patchbay_event> events);
    void on_spoilt(Error error);
    Result<void> end_middleware(uint32_t reason);
    void ask_middleware_again();
    Result<std::vector<plugins::InstanceRef>> middleware_of_turn() const;
    plugins::TurnView turn_view() const;
    void ask_about_answer(std::vector<plugins::InstanceRef> instances, std::string request_id,
                          plugins::Decision decision, OnAnswerTaken done);
    void take_answer(const std::string& request_id, plugins::Decision decision, OnAnswerTaken done);
    Result<void> takes_answers() const;
    void open_agent();
    void give_answer();
    void stop_agent(patchbay_reason reason);
    void complete(uint32_t reason);
    void fail(const Error& error);
    void end(EventKind kind, std::string payload, RunStatus status);
    void say_results_of_open_calls();
    void add_message_row(const std::string& content_json, MessageStatus status, size_t event);
    Usage final_usage() const;
    void move_on_from_tail();
    void say_started();
    void apply_disconnect();
    void tell_begun(const Begun& begun);
    void note_committed_record(const Batch& batch);
    void on_storage_failure(Batch& batch);
    void give_up_on_storage();
    void settle_ended();
    void tell_ended();
    void arm_deadline(std::chrono::milliseconds left);
    void run_or_stop_clock();
    void say_usage_soon();
    void stop_timers();
    void read_remains(void (Run::*then)(Remains remains));
    void on_unreadable(void (Run::*then)(Remains remains), const Error& error);
    void resume_from(Remains remains);
    std::optional<std::string_view> reason_to_end(const Remains& remains) const;
    void say_steps_again();
    void prepare_recovery(Remains& remains);
    void queue_again(Remains remains);
    void restore(Remains& remains);
    void record(const RemainingCall& call, const std::string& result_json);
    void take_up_open_calls();
    void note_taken_up(const RemainingCall& call, Result<plugins::ToolOutput> output);
    void begin_next_attempt();
    void go_on_when_committed();
    void answer_anew(uint64_t from_seq, uint64_t to_seq);
    bool blocked() const;
    patchbay_status room();

    Interaction& interaction_;
    RunRecord record_;
    RunRequest request_;
    TurnChoice choice_;
    const std::shared_ptr<const EngineOptions> options_;  // as they were when it was made
    const observe::TraceContext trace_;
    State state_ = State::queued;

    RunOutput output_;
    RunRecord committed_;
    std::string committed_questions_ = "[]";
    std::vector<OnBegun> on_begun_;
    bool begun_ = false;                        // the first batch is committed
    bool is_restored_ = false;                  // it comes from before the server's start
    std::optional<ClaimIdempotencyKey> claim_;  // set: the agent waits for the first commit
    bool start_wanted_ = false;                 // start() came before that commit
    std::string content_json_;                  // the user's message

    UsageLedger ledger_;
    Transcript transcript_;  // of the surviving attempt
    RecordedCalls recorded_;
    std::shared_ptr<MiddlewareChain> middleware_;
    bool spoilt_ = false;  // middleware has failed: nothing more is shown
    Questions questions_;
    OpenCalls open_calls_;
    std::vector<ToolCall*> held_tools_;  // that were told to pause
    std::vector<Child*> held_children_;
    std::unique_ptr<Child> root_;  // the run's agent, while it answers
    bool paused_ = false;
    patchbay_reason stop_reason_ = PATCHBAY_REASON_CLIENT;
    uint32_t working_ = 0;   // see Work
    uint32_t children_ = 0;  // that were ever asked
    CallIds call_ids_;

    // The end of the text that an interrupted attempt had shown: taken over, or taken back.
    struct Tail {
        std::string text;
        uint64_t from_seq = 0;
        uint64_t to_seq = 0;
    };
    std::optional<Tail> tail_;
    std::unique_ptr<Recovery> recovery_;  // until the next attempt begins
    uint64_t prompt_estimate_ = 0;        // of what an interrupted attempt had asked
    size_t committed_text_ = 0;
    std::optional<Usage> said_usage_;
    bool usage_due_ = false;       // more was used than the log says
    std::shared_ptr<Run*> token_;  // what is on its way asks whether it is still there
    bool rolled_back_ = false;
    std::vector<std::move_only_function<void()>> on_recovered_;

    std::vector<std::move_only_function<void()>> on_next_commit_;  // of what is open
    std::vector<std::move_only_function<void()>> on_commit_;       // of what is at the writer

    size_t viewers_ = 0;
    net::TimerId grace_timer_ = 0;
    net::TimerId deadline_timer_ = 0;
    net::TimerId usage_timer_ = 0;
    int64_t deadline_ms_ = 0;
    std::chrono::milliseconds time_left_{0};  // while it waits for a person
    net::TimerId retry_timer_ = 0;
    net::Clock::time_point failing_since_{};
    std::vector<std::pair<uint64_t, std::move_only_function<void()>>> waiters_;
};

}  // namespace patchbay::engine
