// A run: one turn's answer, from its place in the queue to its one outcome.
//
//   queued → running → ending → ended;   recovering → running, after a crash
//
// Life       owned by its interaction; goes when it has ended and nothing of it is at the writer.
// Threads    [lane] all of it.
#pragma once

#include "runtime/engine/models.hpp"
#include "runtime/engine/run_output.hpp"
#include "runtime/engine/run_request.hpp"
#include "runtime/plugins/answer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

class Interaction;

// What became of a run's first batch.
struct Begun {
    std::optional<Error> error;                    // refused; the run is gone
    std::optional<Batch::Duplicate> duplicate_of;  // because of its idempotency key
    std::string claimed_sha256;                    // what the refused run's request was
};

class Run final : private plugins::AnswerListener {
public:
    enum class State { queued, recovering, running, ending, ended };

    Run(Interaction& interaction, RunRecord record, RunRequest request, ModelChoice choice);
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
    std::string_view committed_text() const {
        return std::string_view(text_).substr(0, committed_text_);
    }

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

    // Calls back when the first batch is committed or refused; at once when it is committed.
    using OnBegun = std::move_only_function<void(const Begun&)>;
    void when_begun(OnBegun callback);

    bool has_begun() const { return begun_; }

    // The idempotency key that the first batch claims, or nullptr.
    const ClaimIdempotencyKey* claim() const { return claim_ ? &*claim_ : nullptr; }

    // Starts to answer: reads the history and opens the provider. For a queued run: run.started
    // goes to the log first. [once]
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

private:
    patchbay_status on_events(std::span<const patchbay_event> events) override;
    void on_finish(uint32_t reason, const Error* error) override;

    void note(const Event& event, const patchbay_event& source);
    void say(EventKind kind, std::string payload);
    void load_history();
    void open_provider(std::string messages_json);
    void stop_provider(patchbay_reason reason);
    void complete(uint32_t reason);
    void fail(const Error& error);
    void end(EventKind kind, std::string payload, RunStatus status);
    void add_message_row(const std::string& content_json, MessageStatus status, size_t event);
    Usage final_usage() const;
    void say_started();
    void apply_disconnect();
    void tell_begun(const Begun& begun);
    void on_storage_failure(Batch& batch);
    void give_up_on_storage();
    void settle_ended();
    void tell_ended();
    void arm_deadline();
    void stop_timers();
    struct Remains;  // what the log tells of a run that was cut short
    void read_remains(void (Run::*then)(Remains remains));
    void on_unreadable(void (Run::*then)(Remains remains), const Error& error);
    void resume_from(Remains remains);
    void queue_again(Remains remains);
    void answer_anew(uint64_t from_seq, uint64_t to_seq);
    uint64_t window_tokens() const;
    bool blocked() const;

    Interaction& interaction_;
    RunRecord record_;
    RunRequest request_;
    ModelChoice choice_;
    const std::shared_ptr<const EngineOptions> options_;  // as they were when it was made
    State state_ = State::queued;

    RunOutput output_;
    std::vector<OnBegun> on_begun_;
    bool begun_ = false;                        // the first batch is committed
    std::optional<ClaimIdempotencyKey> claim_;  // set: the provider waits for the first commit
    bool start_wanted_ = false;                 // start() came before that commit
    std::string content_json_;                  // the user's message, until the provider has it

    plugins::Answer* chat_ = nullptr;
    bool paused_ = false;
    std::string prefill_;  // a recovered attempt goes on from here
    uint64_t prompt_estimate_ = 0;

    std::string text_;  // the surviving attempt's answer
    size_t committed_text_ = 0;
    std::vector<std::string> tool_calls_;  // parts of the answer's message
    std::optional<Usage> usage_;
    uint64_t reasoning_bytes_ = 0;
    bool rolled_back_ = false;
    std::vector<std::move_only_function<void()>> on_recovered_;

    size_t viewers_ = 0;
    net::TimerId grace_timer_ = 0;
    net::TimerId deadline_timer_ = 0;
    net::TimerId retry_timer_ = 0;
    net::Clock::time_point failing_since_{};
    std::vector<std::pair<uint64_t, std::move_only_function<void()>>> waiters_;
};

}  // namespace patchbay::engine
