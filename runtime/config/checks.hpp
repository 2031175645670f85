// What a JSON Schema cannot say: names that must exist, addresses, who may come in.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/config/problem.hpp"

namespace patchbay::config {

// `config` has passed the schema.
Problems check_meaning(const Config& config);

}  // namespace patchbay::config
