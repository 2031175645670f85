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
    bool is_own = true;          // of the run's agent, and no child's
    bool survives = true;        // false: the text around it was taken back
};

class RecordedCalls {
public:
    void add(RecordedCall call) { calls_.push_back(std::move(call)); }

    // The first one that is equal and was not taken yet; it is taken now.
    std::optional<RecordedCall> take(std::string_view name, std::string_view arguments_json);

    // A model was told of what the run's transcript has: an equal call from now on is a new one.
    void spend();
    void take_back();  // the text around them does not survive

private:
    std::vector<RecordedCall> calls_;
};

}  // namespace patchbay::engine
