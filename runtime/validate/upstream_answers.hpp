// What the upstream of a plugin under test says: an ordinary answer, and troubles.
#pragma once

#include "runtime/validate/test_case.hpp"
#include "runtime/validate/world.hpp"

#include <array>
#include <string>
#include <string_view>

namespace patchbay::validate {

using Upstream = decltype(World::upstream);

// 200 with the subject's body, else with an answer of a chat as OpenAI's servers stream it; a GET
// that is no stream gets a set of no keys.
Upstream ordinary_upstream(const Subject& subject);
Upstream slow_upstream(const Subject& subject);  // a second of virtual time for each chunk
Upstream tiny_upstream(const Subject& subject);  // a byte at a time

// The slow one; where it says "Hello" it also says the number that is in the request's body.
Upstream numbered_upstream(const Subject& subject);

// " number 7", when that is in `text`, else "".
std::string number_in(std::string_view text);

struct UpstreamTrouble {
    std::string_view name;  // "answered 500": goes behind "when it is"
    Upstream (*upstream)(const Subject& subject);
    bool must_fail;      // what hangs on it cannot end as if all were well
    bool large = false;  // of megabytes
};

constexpr size_t upstream_trouble_count = 13;
const std::array<UpstreamTrouble, upstream_trouble_count>& upstream_troubles();

}  // namespace patchbay::validate
