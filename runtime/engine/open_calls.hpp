// Tool calls that a run was asked to make and that have no result in the log yet. What ends the run
// gives each of them one, so that nobody takes a call for undone that may have been done.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::engine {

// What a model is told of a call that has no result of its own.
inline constexpr std::string_view call_not_made = "The call was not carried out.";
inline constexpr std::string_view call_in_doubt =
    "It is not known whether this call was carried out. Do not repeat it without being asked to.";

struct OpenCall {
    std::string id;
    std::string agent;        // as the log names whose call it is; "" = the run's own
    bool idempotent = false;  // may be made twice
    bool may_have_acted = false;

    bool in_doubt() const { return may_have_acted && !idempotent; }
    std::string_view result() const { return in_doubt() ? call_in_doubt : call_not_made; }
};

class OpenCalls {
public:
    void add(OpenCall call) { calls_.push_back(std::move(call)); }
    void acts(std::string_view id);  // from now on it may have acted
    void ended(std::string_view id);
    std::vector<OpenCall> take_all() { return std::exchange(calls_, {}); }

private:
    std::vector<OpenCall> calls_;
};

}  // namespace patchbay::engine
