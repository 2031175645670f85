#include "runtime/plugins/about.hpp"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <fmt/format.h>

#include <set>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

// valijson names a place "<root>", "[models]", "[0]"; RFC 6901 writes it "/models/0".
std::string json_pointer(const std::vector<std::string>& places) {
    std::string pointer;
    for (const auto& place : places) {
        if (place.size() < 2 || place.front() != '[') continue;  // "<root>"
        pointer += '/';
        for (const char letter : place.substr(1, place.size() - 2)) {
            if (letter == '~') {
                pointer += "~0";
            } else if (letter == '/') {
                pointer += "~1";
            } else {
                pointer += letter;
            }
        }
    }
    return pointer;
}

std::string list_of(const valijson::ValidationResults& results) {
    std::set<std::string> seen;  // valijson repeats itself
    std::string list;
    for (const auto& error : results) {
        const auto pointer = json_pointer(error.context);
        auto line = (pointer.empty() ? "(the whole config)" : pointer) + ": " + error.description;
        if (!seen.insert(line).second) continue;
        list += (list.empty() ? "" : "; ") + line;
    }
    return list;
}

Result<void> validate(const Json& config_schema, const Json& config) {
    // valijson throws for a schema that is none.
    try {
        valijson::Schema schema;
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(config_schema), schema);
        valijson::Validator validator;
        valijson::ValidationResults results;
        if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(config), &results))
            return {};
        return failure(ErrorCode::bad_request, "the config does not fit: " + list_of(results));
    } catch (const std::exception& problem) {
        return failure(
            ErrorCode::internal,
            fmt::format("the plugin's config_schema is no JSON Schema: {}", problem.what()));
    }
}

}  // namespace

Result<About> parse_about(std::string_view about_json) {
    About about;
    if (about_json.empty()) return about;
    const auto json = Json::parse(about_json, nullptr, false);
    if (!json.is_object()) return failure(ErrorCode::bad_request, "about_json is no JSON object");
    if (const auto schema = json.find("config_schema"); schema != json.end()) {
        if (!schema->is_object())
            return failure(ErrorCode::bad_request, "about_json: config_schema is no object");
        about.config_schema = *schema;
    }
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
    return validate(about.config_schema, config);
}

}  // namespace patchbay::plugins
