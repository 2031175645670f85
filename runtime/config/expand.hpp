// References in a config's text values: ${NAME}, ${NAME:-default}, ${file:/path}; $${ is a plain
// ${.
//
// They are expanded after parsing, so that a value cannot bring in JSON of its own.
#pragma once

#include "runtime/config/parse.hpp"

#include <patchbay/error.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace patchbay::config {

// Looks up an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment process_environment();

// One text with its references resolved. not_found: a variable that is not set and has no default,
// a file that cannot be read. bad_request: a reference that is none. The message names the
// reference, never a value.
Result<std::string> expand(std::string_view text, const Environment& environment);

// Whether expand() would change the text by more than "$${".
bool has_reference(std::string_view text);

// Pointers of the values that came from the environment or a file: not to be shown to anybody.
using Expanded = std::set<std::string>;

// Expands every text value of `document`, but for those of plugins that are not enabled. Appends
// to `problems` what could not be resolved; such a value stays as it was.
Expanded expand_document(Json& document, const Environment& environment, Problems& problems);

}  // namespace patchbay::config
