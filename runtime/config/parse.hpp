// The text of a config file → JSON.
#pragma once

#include "runtime/config/problem.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace patchbay::config {

using Json = nlohmann::ordered_json;  // keeps the order of plugins and aliases

// JSON with // and /* */ comments. A syntax error gives its line and column; keys that stand twice
// in one object are problems too.
Checked<Json> parse(std::string_view text);

// One more step of a JSON pointer, escaped.
std::string step(const std::string& pointer, std::string_view key);

}  // namespace patchbay::config
