// JSON as tokens and key sets hold it: an object, no key twice, not deep.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace jwt {

// Nothing when it is no JSON object, when an object has a key twice (readers would differ in which
// one they take), or when it is deeper than 16 levels.
std::optional<nlohmann::json> parse_object(std::string_view text);

// The text of a member; "" when it is missing or no text.
std::string text_member(const nlohmann::json& object, const char* key);

}  // namespace jwt
