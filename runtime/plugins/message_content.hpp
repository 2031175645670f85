// The content of a message, as provider.h describes it: an array of parts.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace patchbay::plugins {

// Whether each part is an object whose "type" is a text, and so are a text's "text" and the "id" of
// a tool's call or result. Types that are not known here are for those who know them.
bool is_message_content(const nlohmann::json& content);

// The text at `key`; "" when `value` is no object, or has none there.
std::string text_at(const nlohmann::json& value, const char* key);

}  // namespace patchbay::plugins
