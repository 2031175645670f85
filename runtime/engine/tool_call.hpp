// One call of a tool: written to the log, approved where it must be, carried out once its tool.call
// is committed, and its result written.
//
// Ownership  of the scope that asked; goes when it has its result or is dropped.
// Threads    [lane].
#pragma once

#include "runtime/engine/agents.hpp"
#include "runtime/engine/offers.hpp"
#include "runtime/engine/questions.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/engine/scope.hpp"
#include "runtime/engine/work_span.hpp"
#include "runtime/plugins/answer.hpp"

#include <memory>
#include <string>

namespace patchbay::engine {

class ToolCall final : public plugins::Pending, private plugins::AnswerListener, public EventSink {
public:
    struct Ask {
        std::string name;
        std::string arguments_json;
        std::string call_id;
        std::string extra_json;
    };

    ToolCall(Run& run, Scope& scope, Ask ask, plugins::OnAnswered<plugins::ToolOutput> done);
    ~ToolCall() override;

    void start();

    // The same for a call that is in the log since before a crash, and has not acted yet, or may
    // act again.
    void take_up();

    void drop() override;

    // The reader caught up after it was told to pause.
    void resume() override;

private:
    patchbay_status on_events(std::span<const patchbay_event> events) override;
    void on_finish(uint32_t reason, const Error* error) override;
    patchbay_status deliver(std::span<const patchbay_event> events) override;

    bool use_recorded();
    void note_result(const patchbay_event& event);
    std::string is_gone() const;
    bool check_arguments();
    void approve();
    void on_decision(Result<plugins::Decision> decision);
    void act_after_waiting();
    void act();
    void begin_span();
    void settle(const std::string& output_json, const Error* error);
    void edit(std::string input_json);
    void interrupt_later();
    void say_call();
    void say_result(const std::string& output_json, const std::string& error,
                    const std::string& repeats = "");
    void fail_later(ErrorCode code, std::string message);
    void complete_later(std::string output_json, std::optional<Error> error);
    void later(net::Task task);

    Run& run_;
    Scope& parent_;
    Ask ask_;
    plugins::OnAnswered<plugins::ToolOutput> done_;
    std::shared_ptr<ToolCall*> token_;  // what is on its way asks whether it is still there
    std::shared_ptr<const Offers> offers_;
    const ToolChoice* tool_ = nullptr;
    plugins::Pending* question_ = nullptr;
    std::unique_ptr<Scope> scope_;  // what the tool itself asks for
    plugins::Answer* answer_ = nullptr;
    std::optional<Run::Work> work_;  // once it may act
    std::optional<WorkSpan> span_;   // while it acts
    std::string output_json_;
    std::optional<Error> failure_;  // the tool's result is one
    bool is_wish_ = true;           // of a model; false: the agent's own idea
    bool settled_ = false;
};

}  // namespace patchbay::engine
