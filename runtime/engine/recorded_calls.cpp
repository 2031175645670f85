#include "runtime/engine/recorded_calls.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::engine {

using nlohmann::json;

std::optional<RecordedCall> RecordedCalls::take(std::string_view name,
                                                std::string_view arguments_json) {
    if (calls_.empty()) return std::nullopt;
    const auto wanted = json::parse(arguments_json, nullptr, false);
    const auto found = std::ranges::find_if(calls_, [&](const RecordedCall& call) {
        return call.name == name && json::parse(call.arguments_json, nullptr, false) == wanted;
    });
    if (found == calls_.end()) return std::nullopt;
    auto call = std::move(*found);
    calls_.erase(found);
    return call;
}

void RecordedCalls::spend() {
    std::erase_if(calls_, [](const RecordedCall& call) {
        return call.is_own && call.is_wish && call.survives;
    });
}

void RecordedCalls::take_back() {
    for (auto& call : calls_) call.survives = call.survives && call.is_own;
}

bool RecordedCalls::may_repeat(std::string_view name) const {
    return std::ranges::any_of(
        calls_, [&](const RecordedCall& call) { return call.name == name && !call.idempotent; });
}

}  // namespace patchbay::engine
