#include "runtime/plugins/message_content.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using nlohmann::json;

bool has_text(const json& part, const char* key) {
    const auto found = part.find(key);
    return found != part.end() && found->is_string();
}

bool is_part(const json& part) {
    if (!part.is_object() || !has_text(part, "type")) return false;
    const auto& type = part["type"].get_ref<const std::string&>();
    if (type == "text") return has_text(part, "text");
    return (type != "tool_call" && type != "tool_result") || has_text(part, "id");
}

}  // namespace

bool is_message_content(const json& content) {
    return content.is_array() && std::ranges::all_of(content, is_part);
}

std::string text_at(const json& value, const char* key) {
    if (!value.is_object()) return "";
    const auto found = value.find(key);
    return found != value.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace patchbay::plugins
