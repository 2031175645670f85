// The models that a provider lists.
#pragma once

#include "runtime/plugins/registry.hpp"

namespace patchbay::plugins {

// The array of patchbay_provider_1.models(), at most 10,000 entries. bad_request names what is
// wrong by its JSON pointer.
Result<std::vector<ModelInfo>> parse_models(std::string_view json);

}  // namespace patchbay::plugins
