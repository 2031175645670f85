#include "runtime/plugins/json_schema.hpp"

#include "runtime/config/valijson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace patchbay::plugins {
namespace {

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

// The member `key` when `schema` is an object that has it, else nullptr.
const nlohmann::json* member(const nlohmann::json* schema, const std::string& key) {
    if (!schema || !schema->is_object()) return nullptr;
    const auto found = schema->find(key);
    return found == schema->end() ? nullptr : &*found;
}

// Whether nothing but its own members says what fits in it.
bool is_plain(const nlohmann::json& schema) {
    constexpr std::string_view others[] = {
        "$ref", "patternProperties", "allOf", "anyOf", "oneOf", "not", "if"};
    return std::ranges::none_of(others, [&](auto key) { return schema.contains(key); });
}

// The "type" that the schema wants at a place: "integer", "string or null"; "" when it does not say
// so plainly.
std::string type_at(const nlohmann::json& schema, const std::vector<std::string>& places) {
    const auto* node = &schema;
    for (const auto& place : places) {
        if (place.size() < 2 || place.front() != '[') continue;  // "<root>"
        const auto name = place.substr(1, place.size() - 2);
        const bool is_index = name.find_first_not_of("0123456789") == name.npos;
        if (!node || !is_plain(*node)) return "";
        const auto* const inner = member(member(node, "properties"), name);
        node = inner ? inner : member(node, is_index ? "items" : "additionalProperties");
    }
    const auto* const type = member(node, "type");
    if (!type || !is_plain(*node)) return "";
    std::string types;
    for (const auto& each : type->is_array() ? *type : nlohmann::json::array({*type})) {
        if (!each.is_string()) return "";
        types += (types.empty() ? "" : " or ") + each.get<std::string>();
    }
    return types;
}

std::string sentence_of(const valijson::ValidationResults::Error& error,
                        const nlohmann::json& schema) {
    if (error.description.starts_with("Value type not permitted")) {
        if (const auto type = type_at(schema, error.context); !type.empty())
            return "must be of type " + type;
    }
    auto sentence = error.description;
    if (sentence.ends_with('.')) sentence.pop_back();
    return sentence;
}

// Says of a value that something inside of it does not fit.
bool is_about_inside(std::string_view description) {
    constexpr std::string_view beginnings[] = {
        "Failed to validate against schema associated with p",  // "property name", "pattern"
        "Failed to validate item #", "Failed to validate against additional properties schema"};
    return std::ranges::any_of(beginnings,
                               [&](auto each) { return description.starts_with(each); });
}

std::string list_of(const valijson::ValidationResults& results, const nlohmann::json& schema) {
    std::set<std::string> pointers;
    for (const auto& error : results) pointers.insert(json_pointer(error.context));
    const auto is_inside_told = [&](const std::string& pointer) {
        const auto inside = pointers.lower_bound(pointer + '/');
        return inside != pointers.end() && inside->starts_with(pointer + '/');
    };
    std::set<std::string> seen;  // valijson repeats itself
    std::string list;
    for (const auto& error : results) {
        const auto pointer = json_pointer(error.context);
        if (is_about_inside(error.description) && is_inside_told(pointer)) continue;
        auto line = (pointer.empty() ? "(the whole)" : pointer) + ": " + sentence_of(error, schema);
        if (!seen.insert(line).second) continue;
        list += (list.empty() ? "" : "; ") + line;
    }
    return list;
}

// Under these a schema quotes values, which say nothing about what fits.
bool is_quotation(const std::string& key) {
    return key == "enum" || key == "const" || key == "default" || key == "examples";
}

// What is wrong with a pattern somewhere in the schema: valijson reads them when a value comes.
Result<void> check_patterns(const nlohmann::json& schema) {
    if (schema.is_array()) {
        for (const auto& each : schema) {
            if (auto fine = check_patterns(each); !fine) return fine;
        }
    }
    if (!schema.is_object()) return {};
    for (const auto& [key, value] : schema.items()) {
        if (key == "pattern" && value.is_string()) {
            const auto parsed = config::LinearRegex::parse(value.get<std::string>());
            if (!parsed) return std::unexpected(parsed.error());
        } else if (key == "patternProperties" && value.is_object()) {
            for (const auto& [pattern, unused] : value.items()) {
                const auto parsed = config::LinearRegex::parse(pattern);
                if (!parsed) return std::unexpected(parsed.error());
            }
        }
        if (is_quotation(key)) continue;
        if (auto fine = check_patterns(value); !fine) return fine;
    }
    return {};
}

}  // namespace

struct JsonSchema::Compiled {
    valijson::Schema schema;
    nlohmann::json text;
};

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}

JsonSchema::~JsonSchema() = default;

Result<std::shared_ptr<const JsonSchema>> JsonSchema::parse(const nlohmann::json& schema) {
    auto compiled = std::make_unique<Compiled>();
    try {  // valijson throws for a schema that is none
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled->schema);
        compiled->text = schema;
    } catch (const std::exception& problem) {
        return failure(ErrorCode::bad_request,
                       fmt::format("is no JSON Schema: {}", problem.what()));
    }
    if (const auto fine = check_patterns(schema); !fine)
        return failure(ErrorCode::bad_request, "has what cannot be used: " + fine.error().message);
    return std::shared_ptr<const JsonSchema>(new JsonSchema(std::move(compiled)));
}

Result<void> JsonSchema::check(const nlohmann::json& value) const {
    try {  // a $ref may make a pattern of what was not read as one
        valijson::Validator validator;
        valijson::ValidationResults results;
        const valijson::adapters::NlohmannJsonAdapter target(value);
        if (validator.validate(compiled_->schema, target, &results)) return {};
        return failure(ErrorCode::bad_request, list_of(results, compiled_->text));
    } catch (const std::exception& problem) {
        return failure(ErrorCode::internal, fmt::format("the schema: {}", problem.what()));
    }
}

}  // namespace patchbay::plugins
