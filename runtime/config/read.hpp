// A document that has passed the schema → Config.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/config/parse.hpp"

namespace patchbay::config {

Config read(const Json& document);

}  // namespace patchbay::config
