// The config's JSON Schema, and what a document does wrong by it.
#pragma once

#include "runtime/config/expand.hpp"
#include "runtime/config/parse.hpp"

#include <string_view>

namespace patchbay::config {

std::string_view schema_text();  // config.schema.json, as it is in the source tree

// Texts that came from the environment become numbers and booleans where the schema wants these.
void coerce_expanded(Json& document, const Expanded& expanded);

// Every violation of the schema, in the document's order. Values in `expanded` are not shown.
Problems check_schema(const Json& document, const Expanded& expanded);

}  // namespace patchbay::config
