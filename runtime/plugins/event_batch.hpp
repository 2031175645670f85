// Events that outlive the call in which they were emitted.
#pragma once

#include <patchbay/abi/stream.h>

#include <deque>
#include <span>
#include <string>
#include <vector>

namespace patchbay::plugins {

class EventBatch {
public:
    void add(const patchbay_event& event);
    void clear();  // keeps the memory for the next ones

    // Valid until the next add() or clear().
    std::span<const patchbay_event> events() const { return {events_.data(), events_.size()}; }
    size_t bytes() const { return bytes_; }  // of text, together

private:
    patchbay_str keep(patchbay_str text);

    std::vector<patchbay_event> events_;
    std::deque<std::string> texts_;  // their addresses last
    std::deque<patchbay_usage> usages_;
    size_t used_texts_ = 0;
    size_t bytes_ = 0;
};

}  // namespace patchbay::plugins
