#include "runtime/engine/open_calls.hpp"

#include <algorithm>

namespace patchbay::engine {

void OpenCalls::acts(std::string_view id) {
    const auto call = std::ranges::find(calls_, id, &OpenCall::id);
    if (call != calls_.end()) call->may_have_acted = true;
}

void OpenCalls::ended(std::string_view id) {
    std::erase_if(calls_, [&](const OpenCall& call) { return call.id == id; });
}

}  // namespace patchbay::engine
