// An agent or a tool at work in a run: what it may ask for, and what it has asked for and not got
// yet.
//
// Ownership  of whoever opened the agent or tool; ends all that it has asked for.
// Threads    [lane].
#pragma once

#include "runtime/engine/transcript.hpp"
#include "runtime/engine/usage_ledger.hpp"
#include "runtime/observe/trace_context.hpp"
#include "runtime/plugins/run_scope.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::engine {

class Child;
class Run;
class ToolCall;

// Where an agent's or a tool's own events go.
class EventSink {
public:
    virtual patchbay_status deliver(std::span<const patchbay_event> events) = 0;

protected:
    ~EventSink() = default;
};

bool is_step(const patchbay_event& event);  // a tool call or result

// Takes off what stands before the next tool call or result, or all.
std::span<const patchbay_event> take_to_step(std::span<const patchbay_event>& events);

class Scope final : public plugins::RunScope {
public:
    struct Place {
        std::string agent;         // the instance whose tools may be used
        uint32_t depth = 0;        // 0: a client asked for this agent
        bool is_root = false;      // what it does is the run's own transcript
        std::string content_json;  // what an agent answers: the last message of its conversation
        UsageLedger::Entry ledger_entry = 0;  // whose children its children are
        observe::TraceContext trace;          // and in its trace, too
    };

    Scope(Run& run, EventSink& sink, Place place);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    const Place& place() const { return place_; }
    Transcript& transcript();

    Result<plugins::Pending*> start_child(const patchbay_chat_start& request,
                                          plugins::ChildListener& listener) override;
    std::shared_ptr<const std::string> tools_json() override;
    Result<plugins::Pending*> call_tool(const patchbay_tool_start& request,
                                        plugins::OnAnswered<plugins::ToolOutput> done) override;
    Result<plugins::Pending*> ask(const patchbay_question& question,
                                  plugins::OnAnswered<plugins::Decision> done) override;
    Result<plugins::Pending*> read_history(uint32_t max_tokens,
                                           plugins::OnAnswered<std::string> done) override;

    // The conversation so far, as provider.h has messages; on this turn or a later one.
    void read_conversation(uint64_t window_tokens, plugins::OnAnswered<std::string> done);

    // Goes on with a tool call that the log knows already. `done` hears when it has its result.
    void take_up(const std::string& call_json, plugins::OnAnswered<plugins::ToolOutput> done);

    // ---- for what hangs on it ----
    patchbay_status forward(std::span<const patchbay_event> events, Child& source);
    // A tool call or result that one who is not the root says: it is its own, in the log, too.
    void say_step(const patchbay_event& event);
    void resume_forwarded();
    std::unique_ptr<Child> release(Child& child);
    std::unique_ptr<ToolCall> release(ToolCall& call);

private:
    class HistoryRead;
    patchbay_status forward_between_steps(std::span<const patchbay_event> events,
                                          const Child& source);
    bool is_there(const Child& child) const;

    Run& run_;
    EventSink& sink_;
    Place place_;
    Transcript own_;  // of one that is not the root
    std::vector<std::unique_ptr<Child>> children_;
    std::vector<std::unique_ptr<ToolCall>> tool_calls_;
    std::vector<std::unique_ptr<HistoryRead>> reads_;
    std::vector<Child*> held_;  // forwarded ones that were told to pause
    uint64_t resumes_ = 0;      // how often they were let go
};

}  // namespace patchbay::engine
