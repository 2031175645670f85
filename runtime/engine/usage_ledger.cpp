#include "runtime/engine/usage_ledger.hpp"

namespace patchbay::engine {
namespace {

void add(Usage& sum, const Usage& usage) {
    sum.prompt_tokens += usage.prompt_tokens;
    sum.completion_tokens += usage.completion_tokens;
    sum.cached_tokens += usage.cached_tokens;
    sum.cache_write_tokens += usage.cache_write_tokens;
    sum.reasoning_tokens += usage.reasoning_tokens;
    sum.estimated = sum.estimated || usage.estimated;
}

}  // namespace

UsageLedger::Entry UsageLedger::open(std::optional<Entry> parent) {
    lines_.push_back({.parent = parent});
    return lines_.size() - 1;
}

void UsageLedger::set(Entry entry, const Usage& usage, std::optional<int64_t> cost_micros) {
    Line& line = lines_[entry];
    counted_ += line.is_set ? 0 : 1;
    line = {line.parent, usage, cost_micros, true};
}

// A parent stands before its children.
Usage UsageLedger::of(Entry entry) const {
    Usage sum;
    std::vector<bool> belongs(lines_.size(), false);
    for (Entry i = entry; i < lines_.size(); ++i) {
        belongs[i] = i == entry || (lines_[i].parent && belongs[*lines_[i].parent]);
        if (belongs[i]) add(sum, lines_[i].usage);
    }
    return sum;
}

Usage UsageLedger::total() const {
    Usage sum = before_.value_or(Usage{});
    for (const auto& line : lines_) add(sum, line.usage);
    return sum;
}

std::optional<int64_t> UsageLedger::cost_micros() const {
    if (before_) return std::nullopt;  // which models it was for is not known any more
    int64_t sum = 0;
    for (const auto& line : lines_) {
        if (!line.cost_micros) return std::nullopt;
        sum += *line.cost_micros;
    }
    return sum;
}

}  // namespace patchbay::engine
