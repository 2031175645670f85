#include "runtime/engine/call_ids.hpp"

namespace patchbay::engine {

std::string CallIds::of_wish(const std::string& id) {
    auto unique = wanted_.contains(id) || made_.contains(id) ? like(id) : id;
    wanted_.insert(unique);
    return unique;
}

std::string CallIds::of_agent() {
    const std::string id = "call";
    return wanted_.contains(id) || made_.contains(id) ? like(id) : id;
}

std::string CallIds::of_call(const std::string& id) {
    auto unique = made_.contains(id) ? like(id) : id;
    made_.insert(unique);
    return unique;
}

void CallIds::restore(const std::string& id, bool was_wish) {
    made_.insert(id);
    if (was_wish) wanted_.insert(id);
}

std::string CallIds::like(const std::string& id) const {
    for (size_t number = 2;; ++number) {
        auto other = id + "_" + std::to_string(number);
        if (!wanted_.contains(other) && !made_.contains(other)) return other;
    }
}

}  // namespace patchbay::engine
