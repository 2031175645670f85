// What the real host asks of JSON that it is handed.
#pragma once

#include <patchbay/json_text.hpp>
#include <patchbay/view.hpp>

namespace patchbay::testing {

inline bool is_object_or_empty(patchbay_str json) {
    if (json.size == 0) return true;
    patchbay::detail::JsonWalk walk(text_of(json));
    return walk.members([](auto, auto) {}) && walk.ends();
}

}  // namespace patchbay::testing
