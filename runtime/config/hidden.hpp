// What must not be seen of a plugin's settings, and what is shown in its place (hidden_text).
#pragma once

#include "runtime/config/parse.hpp"

#include <string>

namespace patchbay::config {

// `value` with every text that has a reference hidden.
Json without_references(Json value);

// The value of the setting `key` with everything hidden that may be a secret: a text with a
// reference; what the schema marks "writeOnly" or "format": "password", in whichever of its
// branches; and a text of which the schema says nothing. `schema` is that of the whole config; no
// object = none is known.
Json with_secrets_hidden(const Json& value, const Json& schema, const std::string& key);

}  // namespace patchbay::config
