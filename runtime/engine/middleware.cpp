#include "runtime/engine/middleware.hpp"

#include "runtime/engine/payload.hpp"

#include <algorithm>

namespace patchbay::engine {
namespace {

bool fits(const std::vector<std::string>& wanted, const std::string& name) {
    return wanted.empty() || std::ranges::count(wanted, name) > 0;
}

}  // namespace

// ---- which ----

MiddlewareTable::MiddlewareTable(const plugins::InstanceSet& instances,
                                 std::vector<MiddlewareEntry> entries) {
    for (auto& entry : entries) {
        auto instance = instances.find(entry.instance);
        if (instance && !is_middleware(*instance)) {
            problems_.push_back({"/middleware/" + std::to_string(lines_.size()),
                                 "\"" + entry.instance + "\", which is no middleware",
                                 "the name of a middleware plugin"});
            instance = nullptr;
        }
        lines_.push_back({std::move(entry), std::move(instance)});
    }
}

Result<std::vector<plugins::InstanceRef>> MiddlewareTable::select(
    const std::string& agent, const std::string& provider, const std::string& surface) const {
    std::vector<plugins::InstanceRef> chosen;
    for (const auto& [entry, instance] : lines_) {
        if (!fits(entry.agents, agent) || !fits(entry.providers, provider) ||
            !fits(entry.surfaces, surface))
            continue;
        if (!instance || !is_alive(*instance)) {
            return std::unexpected(
                Error{.code = ErrorCode::unavailable,
                      .message = "The middleware '" + entry.instance + "' is off.",
                      .retryable = true,
                      .user_safe = true});
        }
        chosen.push_back(instance);
    }
    return chosen;
}

std::vector<std::string> MiddlewareTable::passed_by(const Place& turn, const Place& child,
                                                    const std::string& surface) const {
    const auto applies = [&](const MiddlewareEntry& entry, const Place& place) {
        return fits(entry.agents, place.agent) && fits(entry.providers, place.provider) &&
               fits(entry.surfaces, surface);
    };
    std::vector<std::string> names;
    for (const auto& [entry, instance] : lines_) {
        if (applies(entry, child) && !applies(entry, turn)) names.push_back(entry.instance);
    }
    return names;
}

// ---- turns ----

struct MiddlewareChain::Asking {
    net::Lane& lane;
    std::vector<plugins::InstanceRef> instances;
    std::unique_ptr<MiddlewareChain> chain;
    OnAsked done;
    size_t next = 0;
};

std::unique_ptr<MiddlewareChain> MiddlewareChain::of(plugins::TurnView turn) {
    return std::unique_ptr<MiddlewareChain>(new MiddlewareChain(std::move(turn)));
}

bool MiddlewareChain::has_asked(const plugins::Instance& instance) const {
    return has_asked(name_of(instance));
}

void MiddlewareChain::ask(net::Lane& lane, std::unique_ptr<MiddlewareChain> chain,
                          std::vector<plugins::InstanceRef> instances, OnAsked done) {
    ask_next(std::make_shared<Asking>(
        Asking{lane, std::move(instances), std::move(chain), std::move(done)}));
}

void MiddlewareChain::ask_next(std::shared_ptr<Asking> asking) {
    Asking& all = *asking;
    if (all.next == all.instances.size()) return all.done(std::move(all.chain));
    const auto& instance = all.instances[all.next++];
    all.chain->asked_.insert(name_of(*instance));
    plugins::ask_about_turn(all.lane, instance, all.chain->turn_,
                            [asking = std::move(asking)](plugins::TurnVerdict verdict) mutable {
                                if (!verdict.change)
                                    return asking->done(std::unexpected(verdict.change.error()));
                                asking->chain->take(std::move(verdict));
                                ask_next(std::move(asking));
                            });
}

void MiddlewareChain::take(plugins::TurnVerdict verdict) {
    auto& change = *verdict.change;
    if (!change.input_json.empty()) {
        // What was taken out of the input must not stay in the message that shows it.
        const bool shows_input = turn_.content_json == content_of_input(turn_.input_json);
        if (shows_input && change.content_json.empty())
            change.content_json = content_of_input(change.input_json);
        turn_.input_json = std::move(change.input_json);
    }
    if (!change.content_json.empty()) turn_.content_json = std::move(change.content_json);
    if (!change.options_json.empty()) turn_.options_json = std::move(change.options_json);
    if (!change.model.empty()) turn_.model = std::move(change.model);
    if (!change.system.empty()) system_ += (system_.empty() ? "" : "\n\n") + change.system;
    if (answer_.empty()) answer_ = std::move(change.answer);
    if (verdict.filter) filters_.push_back(std::move(verdict.filter));
}

// ---- events ----

Result<std::span<const patchbay_event>> MiddlewareChain::filter(
    std::span<const patchbay_event> events) {
    for (size_t i = filters_.size(); i-- > 0;) {
        auto left = filters_[i]->filter(events);
        if (!left) return left;
        events = *left;
    }
    return events;
}

// By the last one first: what it held passes all the others before they end.
Result<void> MiddlewareChain::end(uint32_t reason, plugins::EventBatch& held) {
    for (size_t last = filters_.size(); last-- > 0;) {
        auto events = filters_[last]->end(reason);
        for (size_t i = last; events && i-- > 0;) events = filters_[i]->filter(*events);
        if (!events) return std::unexpected(events.error());
        for (const auto& event : *events) held.add(event);
    }
    return {};
}

}  // namespace patchbay::engine
