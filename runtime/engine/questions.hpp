// The questions of a run that wait for a person: approvals of tool calls, and what agents ask.
//
// Each is a run.waiting in the log, and its answer a run.resumed; both survive a restart.
//
// Threads    [lane].
#pragma once

#include "runtime/net/event_loop.hpp"
#include "runtime/plugins/run_scope.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

class Run;

struct Question {
    std::string text;
    std::string input_json;   // "" or an object that may be edited
    std::string schema_json;  // "" or the schema of an edited input
    std::string tool_name;    // of an approval: the tool call that it is about
    std::string call_id;
    std::string extra_json;
    int64_t expires_at_ms = 0;
};

std::string_view decision_name(uint32_t decision);  // "approved", … of PATCHBAY_DECISION_…
std::optional<uint32_t> decision_named(std::string_view name);

class Questions {
public:
    explicit Questions(Run& run);
    ~Questions();

    bool any_open() const { return !open_.empty(); }

    // Those that are open, as run.waiting has them: a JSON array.
    nlohmann::json open_json() const;

    // Asks. A question of an earlier attempt that is the same is not asked again: its answer comes,
    // on a later turn, or is waited for. LIMIT beyond 16.
    Result<plugins::Pending*> ask(Question question, plugins::OnAnswered<plugins::Decision> done);

    // A person's answer. not_found: no such question; conflict: it was answered in another way, or
    // it has expired; unprocessable: an edited input that does not fit. The same answer again
    // changes nothing.
    Result<void> answer(const std::string& request_id, plugins::Decision decision);

    // What the log tells of earlier attempts.
    void restore_open(const nlohmann::json& waiting_payload);
    void restore_answer(const nlohmann::json& resumed_payload);
    void arm_restored();  // from now on those that are open may expire
    bool is_open_for(std::string_view call_id) const;
    bool was_asked_for(std::string_view call_id) const;  // and was answered, and not taken yet
    void withdraw_about(std::string_view call_id);       // nobody needs to know any more

    // Nobody is asked any more.
    void close();

private:
    struct Open;
    struct Answered {
        Question question;
        plugins::Decision decision;
    };

    Result<void> check_repeated(const std::string& request_id,
                                const plugins::Decision& decision) const;
    void expire(Open& open);
    Open* find_same(const Question& question);
    std::optional<plugins::Decision> take_answer(const Question& question);
    void arm(Open& open);
    void settle(Open& open, plugins::Decision decision);
    void withdraw(Open& open);
    std::unique_ptr<Open> remove(const Open& open);

    Run& run_;
    std::vector<std::unique_ptr<Open>> open_;
    std::vector<Answered> answered_;                      // in earlier attempts, and not taken yet
    std::map<std::string, plugins::Decision> decisions_;  // all that were made, by request id
};

}  // namespace patchbay::engine
