// A model or an agent that answers in a run: the run's own agent, or a child of an agent or a tool.
//
// Ownership  of its scope, or of the run; goes when it has ended or is dropped.
// Threads    [lane].
#pragma once

#include "runtime/engine/models.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/scope.hpp"
#include "runtime/engine/usage_ledger.hpp"
#include "runtime/engine/work_span.hpp"
#include "runtime/plugins/answer.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <memory>
#include <string>

namespace patchbay::engine {

class Child final : public plugins::Pending, private plugins::AnswerListener, public EventSink {
public:
    struct ModelAsk {
        ModelChoice choice;
        std::string messages_json;  // "" = the conversation so far
        std::string system;
        std::string options_json;
        std::string tools_json;
        uint32_t max_tokens = 0;
    };
    struct AgentAsk {
        plugins::InstanceRef agent;
        std::string method;
        std::string input_json;
        ModelChoice choice;  // for models that it asks
        std::string options_json;
        uint32_t max_tokens = 0;
        uint32_t depth = 0;
    };

    // `parent`: nullptr for the run's own agent. `flags`: PATCHBAY_CHAT_…
    Child(Run& run, Scope* parent, plugins::ChildListener& listener, uint32_t flags);
    ~Child() override;

    // One of these, once. Not from inside a plugin's call: plugins are called in here.
    void open(ModelAsk ask);
    void open(AgentAsk ask);

    // The same on a later turn.
    template <class Ask>
    void open_later(Ask ask);

    // Hears and says nothing from here on. May be called from within what it says.
    void drop() override;
    void resume() override;

    // The run has room again for what it logs: goes on, unless its listener has it wait.
    void relieve();

    // nullptr for a model.
    Scope* scope() { return scope_.get(); }

private:
    patchbay_status on_events(std::span<const patchbay_event> events) override;
    void on_finish(uint32_t reason, const Error* error) override;
    patchbay_status deliver(std::span<const patchbay_event> events) override;
    patchbay_status hand_over(std::span<const patchbay_event> events);
    patchbay_status deliver_between_steps(std::span<const patchbay_event> events);

    void open_model(std::string messages_json);
    std::vector<patchbay_event> with_call_ids(std::span<const patchbay_event> events);
    void note(std::span<const patchbay_event> events);
    void note_call(const patchbay_event& event);
    void collect(std::string_view text);
    void book(const Usage& usage);
    void book_estimate();
    void finish(uint32_t reason, const Error* error);
    void fail_later(Error error);
    void begin_span(std::string_view name);
    void end_span(uint32_t reason, const Error* error);
    void post(net::Task task);
    void stop();
    bool is_forwarded() const;

    Run& run_;
    Scope* parent_;
    plugins::ChildListener& listener_;
    uint32_t flags_;
    std::shared_ptr<Child*> token_;  // what is on its way asks whether it is still there
    std::unique_ptr<Scope> scope_;   // of an agent
    plugins::Answer* answer_ = nullptr;
    std::optional<Run::Work> work_;  // of a model that is asked
    std::optional<WorkSpan> span_;   // once it is opened

    ModelAsk model_;  // of a model, until it is asked
    ModelChoice choice_;
    UsageLedger::Entry ledger_entry_;
    bool is_booked_ = false;
    bool is_model_ = false;
    bool listener_pauses_ = false;  // who listens has had enough, until resume()
    uint64_t prompt_tokens_ = 0;    // estimates
    uint64_t answer_bytes_ = 0;
    uint64_t reasoning_bytes_ = 0;
    std::string text_;  // with COLLECT
    bool truncated_ = false;
    nlohmann::json tool_calls_;
    std::deque<std::string> call_ids_;  // of the model's calls, as the run knows them
};

template <class Ask>
void Child::open_later(Ask ask) {
    post([this, ask = std::move(ask)]() mutable { open(std::move(ask)); });
}

}  // namespace patchbay::engine
