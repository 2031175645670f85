#include "runtime/plugins/about.hpp"

#include "runtime/plugins/json_schema.hpp"

#include <fmt/format.h>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

}  // namespace

Result<About> parse_about(std::string_view about_json) {
    About about;
    if (about_json.empty()) return about;
    const auto json = Json::parse(about_json, nullptr, false);
    if (!json.is_object()) return failure(ErrorCode::bad_request, "about_json is no JSON object");
    for (auto [key, text] :
         {std::pair{"title", &about.title}, {"description", &about.description}}) {
        const auto member = json.find(key);
        if (member == json.end()) continue;
        if (!member->is_string())
            return failure(ErrorCode::bad_request, fmt::format("about_json: {} is no text", key));
        *text = member->get<std::string>();
    }
    if (const auto schema = json.find("config_schema"); schema != json.end()) {
        if (!schema->is_object())
            return failure(ErrorCode::bad_request, "about_json: config_schema is no object");
        about.config_schema = *schema;
    }
    if (const auto model = json.find("model"); model != json.end())
        about.needs_no_model = *model == "none";
    if (const auto interfaces = json.find("interfaces"); interfaces != json.end()) {
        if (!interfaces->is_array())
            return failure(ErrorCode::bad_request, "about_json: interfaces is no array");
        for (const auto& id : *interfaces) {
            if (!id.is_string())
                return failure(ErrorCode::bad_request, "about_json: interfaces holds a non-string");
            about.interfaces.push_back(id.get<std::string>());
        }
    }
    return about;
}

Result<void> check_config(const About& about, std::string_view config_json) {
    const auto config = Json::parse(config_json, nullptr, false);
    if (!config.is_object()) return failure(ErrorCode::bad_request, "the config is no JSON object");
    if (about.config_schema.is_null()) return {};
    const auto schema = JsonSchema::parse(about.config_schema);
    if (!schema)
        return failure(ErrorCode::internal, "the plugin's config_schema " + schema.error().message);
    const auto fits = (*schema)->check(config);
    if (fits) return {};
    return failure(fits.error().code, "the config does not fit: " + fits.error().message);
}

}  // namespace patchbay::plugins
