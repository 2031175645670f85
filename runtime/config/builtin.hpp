// The config of a server that was given none: the embedded default, and what the environment adds.
#pragma once

#include "runtime/config/expand.hpp"
#include "runtime/config/parse.hpp"

namespace patchbay::config {

// default.json, with a provider for each vendor's key that is set (the first one becomes the
// default model) and INTERNAL_API_KEY as a user's key. Its references are not expanded yet.
Json builtin_document(const Environment& environment);

}  // namespace patchbay::config
