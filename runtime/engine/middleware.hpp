// Which middleware sees a turn, and the events of its run.
#pragma once

#include "runtime/config/problem.hpp"
#include "runtime/engine/turn.hpp"
#include "runtime/plugins/middleware.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace patchbay::engine {

// One entry of the config's "middleware". Empty lists: every one.
struct MiddlewareEntry {
    std::string instance;
    std::vector<std::string> agents;
    std::vector<std::string> providers;
    std::vector<std::string> surfaces;
};

class MiddlewareTable {
public:
    MiddlewareTable(const plugins::InstanceSet& instances, std::vector<MiddlewareEntry> entries);

    // Those that see such a turn, in the config's order. unavailable: one of them is off, and
    // passing it by would let through what it is there to stop.
    Result<std::vector<plugins::InstanceRef>> select(const std::string& agent,
                                                     const std::string& provider,
                                                     const std::string& surface) const;

    // What applies to a child of such an agent and provider, and not to a turn of those: the child
    // would pass it by.
    struct Place {
        std::string agent;
        std::string provider;
    };
    std::vector<std::string> passed_by(const Place& turn, const Place& child,
                                       const std::string& surface) const;

    // Entries that name what is no middleware.
    config::Problems problems() const { return problems_; }

private:
    struct Line {
        MiddlewareEntry entry;
        plugins::InstanceRef instance;  // nullptr: it is off
    };
    std::vector<Line> lines_;
    config::Problems problems_;
};

// What middleware has made of one turn.
class MiddlewareChain {
public:
    static std::unique_ptr<MiddlewareChain> of(plugins::TurnView turn);

    // Asks one after the other, after those that `chain` has asked; the next one sees what the one
    // before has changed. `done` hears once, on this turn or a later one; an error refuses the
    // turn. [lane]
    using OnAsked = std::move_only_function<void(Result<std::unique_ptr<MiddlewareChain>>)>;
    static void ask(net::Lane& lane, std::unique_ptr<MiddlewareChain> chain,
                    std::vector<plugins::InstanceRef> instances, OnAsked done);

    bool has_asked(const plugins::Instance& instance) const;
    bool has_asked(const std::string& name) const { return asked_.contains(name); }

    const plugins::TurnView& turn() const { return turn_; }  // as it has become
    const std::string& system() const { return system_; }
    const std::string& answer() const { return answer_; }  // the first one; "" = there is none

    bool sees_events() const { return !filters_.empty(); }

    // What is left of events, from the last middleware to the first; valid until the next call.
    Result<std::span<const patchbay_event>> filter(std::span<const patchbay_event> events);

    // The answer has ended: what they held, each through those before it. Appends to `held`.
    Result<void> end(uint32_t reason, plugins::EventBatch& held);

private:
    struct Asking;
    explicit MiddlewareChain(plugins::TurnView turn) : turn_(std::move(turn)) {}
    static void ask_next(std::shared_ptr<Asking> asking);
    void take(plugins::TurnVerdict verdict);

    plugins::TurnView turn_;
    std::string system_;
    std::string answer_;
    std::set<std::string> asked_;
    std::vector<std::unique_ptr<plugins::EventFilter>> filters_;  // in the config's order
};

}  // namespace patchbay::engine
