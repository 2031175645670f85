// Run: what happens to it after a crash, and while the store refuses to write.
#include "runtime/engine/context.hpp"
#include "runtime/engine/interaction.hpp"
#include "runtime/engine/payload.hpp"
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

}  // namespace

struct Run::Remains {
    std::string content_json = "[]";
    std::string text;  // of the surviving attempt, as the next three
    std::vector<std::string> tool_calls;
    uint64_t reasoning_bytes = 0;
    uint64_t shown_from = 0;  // its first event that viewers may have shown; 0 = none
    uint64_t last_seq = 0;
    bool open_tool_call = false;  // of a tool that must not run twice
    uint64_t prompt_estimate = 0;

    static Remains of(const std::vector<Event>& events);
    void add(const Event& event, const json& payload);
};

Run::Remains Run::Remains::of(const std::vector<Event>& events) {
    Remains remains;
    std::vector<std::string> open_calls;
    for (const auto& event : events) {
        remains.last_seq = event.seq;
        const auto payload =
            event.kind == EventKind::delta ? json() : json::parse(event.body, nullptr, false);
        remains.add(event, payload);
        if (event.kind == EventKind::tool_call && !payload.value("idempotent", false)) {
            open_calls.push_back(payload.value("id", ""));
        } else if (event.kind == EventKind::tool_result) {
            std::erase(open_calls, payload.value("id", ""));
        }
    }
    remains.open_tool_call = !open_calls.empty();
    return remains;
}

void Run::Remains::add(const Event& event, const json& payload) {
    switch (event.kind) {
        case EventKind::message_user: content_json = payload["content"].dump(); break;
        case EventKind::delta:
            if (event.channel == Channel::answer) text += event.body;
            if (event.channel == Channel::reasoning) reasoning_bytes += event.body.size();
            if (shown_from == 0) shown_from = event.seq;
            break;
        case EventKind::tool_call: tool_calls.push_back(tool_call_part(event.body)); break;
        case EventKind::attempt_superseded:
            text.clear();
            tool_calls.clear();
            reasoning_bytes = 0;
            shown_from = 0;
            break;
        default: break;
    }
}

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
                 window = window_tokens(),
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
    content_json_ = std::move(remains.content_json);
    if (viewers_ == 0) apply_disconnect();
    interaction_.start_next();
}

void Run::resume_from(Remains remains) {
    state_ = State::running;
    content_json_ = std::move(remains.content_json);
    text_ = std::move(remains.text);
    committed_text_ = text_.size();
    tool_calls_ = std::move(remains.tool_calls);
    reasoning_bytes_ = remains.reasoning_bytes;
    prompt_estimate_ = remains.prompt_estimate;
    interaction_.shard().counters().runs_recovered.fetch_add(1, std::memory_order_relaxed);
    for (auto& callback : std::exchange(on_recovered_, {})) callback();
    if (state_ != State::running) return;
    if (request_.on_crash == OnCrash::settle) return interrupt("The server stopped.");
    if (remains.open_tool_call) return interrupt("The server stopped during a tool call.");
    if (record_.attempt >= options_->attempts_limit) {
        return interrupt("The server stopped too often during this run.");
    }
    ++record_.attempt;
    record_.status = RunStatus::running;
    record_.started_at_ms = interaction_.shard().unix_ms();
    say(EventKind::run_recovered, run_recovered_payload(remains.last_seq));
    const bool goes_on = request_.on_crash == OnCrash::resume && choice_.model.prefill;
    if (goes_on) prefill_ = text_;
    if (!goes_on && remains.shown_from != 0) answer_anew(remains.shown_from, remains.last_seq);
    output_.add(UpdateRun{record_});
    arm_deadline();
    if (viewers_ == 0) apply_disconnect();
    if (state_ == State::running) load_history();
}

void Run::when_recovered(std::move_only_function<void()> callback) {
    if (state_ != State::recovering) return callback();
    on_recovered_.push_back(std::move(callback));
}

void Run::answer_anew(uint64_t from_seq, uint64_t to_seq) {
    say(EventKind::attempt_superseded, attempt_superseded_payload(from_seq, to_seq));
    record_.superseded.emplace_back(from_seq, to_seq);
    text_.clear();
    tool_calls_.clear();
    reasoning_bytes_ = 0;
    committed_text_ = 0;
}

// The store refused a batch of a run that has begun. Nothing is lost: its events are open again,
// the provider pauses, and the batch goes out anew until the store takes it.
void Run::on_storage_failure(Batch& batch) {
    auto& shard = interaction_.shard();
    output_.take_back(batch);
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
