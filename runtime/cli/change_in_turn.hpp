// Changes of a running server, one after the other.
#pragma once

#include "runtime/http/administration.hpp"
#include "runtime/net/workers.hpp"

#include <functional>

namespace patchbay::cli {

using Change = std::move_only_function<http::Changed()>;

// Makes the change on `control`, which has one thread. `done` hears of it whatever happens: also
// when it threw, which is a bug of ours and no reason to stop (internal), and at once, on this
// thread, when too many changes wait already (unavailable). [any-thread]
void change_in_turn(net::Workers& control, Change change, http::OnChanged done);

}  // namespace patchbay::cli
