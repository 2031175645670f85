// The ids of a run's tool calls: one names one call, in the log, to those who approve it, and to a
// model that is told of several. Models give them anew in each answer, and repeat themselves.
#pragma once

#include <set>
#include <string>

namespace patchbay::engine {

class CallIds {
public:
    // For a call that a model wants: `id`, or, where the run has it already, one like it.
    std::string of_wish(const std::string& id);

    // For a call of an agent's own, which no model has wanted.
    std::string of_agent();

    // For a call that is made now: `id`, or another where one was made under it.
    std::string of_call(const std::string& id);

    // The same for a call that nobody makes, for it gets the result of an earlier one.
    std::string of_repeat(const std::string& id);

    bool is_wish(const std::string& id) const { return wanted_.contains(id); }

    // A call that the log tells of.
    void restore(const std::string& id, bool was_wish);
    void restore_repeat(const std::string& id) { repeats_.insert(id); }

    size_t made() const { return made_.size(); }

private:
    bool is_used(const std::string& id) const {
        return made_.contains(id) || repeats_.contains(id);
    }
    bool is_known(const std::string& id) const { return wanted_.contains(id) || is_used(id); }
    std::string like(const std::string& id) const;

    std::set<std::string> wanted_;
    std::set<std::string> made_;
    std::set<std::string> repeats_;
};

}  // namespace patchbay::engine
