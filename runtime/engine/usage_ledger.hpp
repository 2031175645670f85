// What the models that a run has asked cost together.
#pragma once

#include "db/records.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace patchbay::engine {

class UsageLedger {
public:
    using Entry = size_t;

    // One asked model, or an agent that counts for itself; `parent` asked for it.
    Entry open(std::optional<Entry> parent);
    void set(Entry entry, const Usage& usage, std::optional<int64_t> cost_micros);

    // What attempts before a crash had used.
    void restore(const Usage& usage) { before_ = usage; }

    // Nobody has said anything yet.
    bool empty() const { return counted_ == 0 && !before_; }
    Usage of(Entry entry) const;  // with all that it has asked for
    Usage total() const;
    std::optional<int64_t> cost_micros() const;  // nothing when one's price is not known

private:
    struct Line {
        std::optional<Entry> parent;
        Usage usage;
        std::optional<int64_t> cost_micros = 0;
        bool is_set = false;
    };
    std::vector<Line> lines_;
    size_t counted_ = 0;
    std::optional<Usage> before_;
};

}  // namespace patchbay::engine
