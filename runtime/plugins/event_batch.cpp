#include "runtime/plugins/event_batch.hpp"

namespace patchbay::plugins {

patchbay_str EventBatch::keep(patchbay_str text) {
    if (text.size == 0) return {};
    if (used_texts_ == texts_.size()) texts_.emplace_back();
    auto& kept = texts_[used_texts_++];
    kept.assign(text.data, text.size);
    bytes_ += text.size;
    return {kept.data(), kept.size()};
}

void EventBatch::add(const patchbay_event& event) {
    auto& added = events_.emplace_back(event);
    added.text = keep(event.text);
    added.name = keep(event.name);
    added.id = keep(event.id);
    added.extra_json = keep(event.extra_json);
    if (event.usage) added.usage = &usages_.emplace_back(*event.usage);
}

void EventBatch::clear() {
    events_.clear();
    usages_.clear();
    used_texts_ = 0;
    bytes_ = 0;
}

}  // namespace patchbay::plugins
