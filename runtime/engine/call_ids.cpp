#include "runtime/engine/call_ids.hpp"

namespace patchbay::engine {

std::string CallIds::of_wish(const std::string& id) {
    auto unique = is_known(id) ? like(id) : id;
    wanted_.insert(unique);
    return unique;
}

std::string CallIds::of_agent() {
    const std::string id = "call";
    return is_known(id) ? like(id) : id;
}

std::string CallIds::of_call(const std::string& id) {
    auto unique = is_used(id) ? like(id) : id;
    made_.insert(unique);
    return unique;
}

std::string CallIds::of_repeat(const std::string& id) {
    auto unique = is_used(id) ? like(id) : id;
    repeats_.insert(unique);
    return unique;
}

void CallIds::restore(const std::string& id, bool was_wish) {
    made_.insert(id);
    if (was_wish) wanted_.insert(id);
}

std::string CallIds::like(const std::string& id) const {
    for (size_t number = 2;; ++number) {
        auto other = id + "_" + std::to_string(number);
        if (!is_known(other)) return other;
    }
}

}  // namespace patchbay::engine
