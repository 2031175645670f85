// A chat request as the body of POST {base_url}/chat/completions.
#pragma once

#include "config.hpp"

#include <patchbay/provider.hpp>

#include <string>

namespace openai {

// bad_request when the messages, options or tools are no JSON of their shape; unsupported for a
// part that this API cannot carry.
patchbay::Result<std::string> request_body(const Config& config,
                                           const patchbay::ChatRequest& request);

}  // namespace openai
