// Tool calls of earlier attempts of a run that had their result: after a crash, who makes the same
// call again gets that result, and the tool does not act again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::engine {

struct RecordedCall {
    std::string id;
    std::string name;
    std::string arguments_json;  // in any form: equal JSON counts as equal
    std::string output_json;     // "" when it failed
    std::string error;           // what the model was told, when it failed
    bool idempotent = false;
    bool is_own = true;    // of the run's agent, and no child's
    bool is_wish = true;   // of a model; false: the agent's own idea
    bool survives = true;  // false: viewers were told to forget it
};

class RecordedCalls {
public:
    void add(RecordedCall call) { calls_.push_back(std::move(call)); }

    // The first one that is equal and was not taken yet; it is taken now.
    std::optional<RecordedCall> take(std::string_view name, std::string_view arguments_json);

    // A model was told of what the run's transcript has: an equal call that it wants from now on is
    // a new one. What the agent called by itself it calls again, and gets what it got.
    void spend();

    // What children have done is shown no more.
    void take_back();

    // Whether this tool has acted, in a way that must not be repeated, for somebody who has not
    // come back for the result: a call that is not equal may yet be the same again.
    bool may_repeat(std::string_view name) const;

private:
    std::vector<RecordedCall> calls_;
};

}  // namespace patchbay::engine
