#include "runtime/config/schema.hpp"

#include "embedded/config_schema.hpp"
#include "runtime/config/near_name.hpp"
#include "runtime/config/valijson.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::config {
namespace {

using Path = std::vector<std::string>;

const Json& follow_reference(const Json& root, const Json& node) {
    const auto reference = node.find("$ref");
    if (reference == node.end()) return node;
    return root.at(Json::json_pointer(reference->get<std::string>().substr(1)));
}

// The part of the schema that speaks of the value at `path`; nullptr = none does.
const Json* schema_at(const Json& root, const Path& path) {
    const Json* node = &root;
    for (const auto& key : path) {
        const auto properties = node->find("properties");
        const Json* next = nullptr;
        if (node->contains("items")) {
            next = &node->at("items");
        } else if (properties != node->end() && properties->contains(key)) {
            next = &properties->at(key);
        } else if (node->contains("additionalProperties")) {
            next = &node->at("additionalProperties");
        }
        if (next == nullptr || !next->is_object()) return nullptr;
        node = &follow_reference(root, *next);
    }
    return node;
}

Path path_of(const std::string& pointer) {
    Path path;
    for (Json::json_pointer rest(pointer); !rest.empty(); rest.pop_back()) {
        path.insert(path.begin(), rest.back());
    }
    return path;
}

std::string pointer_of(const Path& path) {
    std::string pointer;
    for (const auto& key : path) pointer = step(pointer, key);
    return pointer;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
        text += "\"" + names[i] + "\"";
    }
    return text;
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

std::string expected_of(const Json& schema) {
    if (schema.contains("enum")) return joined(schema["enum"].get<std::vector<std::string>>());
    const auto type = schema.value("type", "");
    if (type == "integer" && schema.contains("maximum")) {
        return "an integer from " + schema["minimum"].dump() + " to " + schema["maximum"].dump();
    }
    if (type == "string") return schema.contains("minLength") ? "a text, not empty" : "a text";
    if (type == "array") {
        const bool texts = schema.value("/items/type"_json_pointer, "") == "string";
        std::string expected = texts ? "a list of texts" : "a list";
        if (schema.contains("minItems")) expected += " with at least one entry";
        if (schema.contains("uniqueItems")) expected += ", none of them twice";
        return expected;
    }
    return type == "boolean" ? "true or false" : "an object";
}

// Explains the violations of one value.
class Explainer {
public:
    Explainer(const Json& schema, const Json& document, const Expanded& expanded)
        : schema_(schema), document_(document), expanded_(expanded) {}

    // Nothing when the value is in order itself and only something inside it is not.
    Problems explain(const Path& path) const {
        const auto pointer = pointer_of(path);
        const auto* schema = schema_at(schema_, path);
        if (schema == nullptr) return {};
        const auto& value = document_.at(Json::json_pointer(pointer));
        if (value.is_object() && schema->value("type", "") == "object") {
            return explain_object(pointer, value, *schema);
        }
        if (value.is_array() && schema->value("type", "") == "array") {
            return explain_array(pointer, value, *schema);
        }
        return {{pointer, found(pointer, value, *schema), expected_of(*schema)}};
    }

private:
    Problems explain_object(const std::string& pointer, const Json& value,
                            const Json& schema) const {
        Problems problems;
        const auto known = keys_of(schema.value("properties", Json::object()));
        const bool closed = schema.value("additionalProperties", Json(true)) == false;
        for (const auto& [key, member] : value.items()) {
            if (!closed || std::ranges::find(known, key) != known.end()) continue;
            problems.push_back({step(pointer, key), "an unknown key",
                                "one of " + joined(known) + hint(key, known)});
        }
        for (const auto& key : schema.value("required", Json::array())) {
            const auto& name = key.get_ref<const std::string&>();
            if (value.contains(name)) continue;
            const auto* wanted = schema_at(schema_, path_of(step(pointer, name)));
            problems.push_back({step(pointer, name), "nothing", expected_of(*wanted)});
        }
        return problems;
    }

    Problems explain_array(const std::string& pointer, const Json& value,
                           const Json& schema) const {
        std::set<Json> distinct(value.begin(), value.end());
        if (schema.value("minItems", size_t{0}) > value.size()) {
            return {{pointer, "an empty list", expected_of(schema)}};
        }
        if (schema.contains("uniqueItems") && distinct.size() < value.size()) {
            return {{pointer, "an entry that stands there twice", expected_of(schema)}};
        }
        return {};
    }

    std::string found(const std::string& pointer, const Json& value, const Json& schema) const {
        if (value.is_null() || value.is_boolean()) return value.dump();
        if (value.is_object()) return "an object";
        if (value.is_array()) return "a list";
        if (expanded_.contains(pointer)) return "another value (from the environment or a file)";
        if (value.is_number()) return value.dump();
        const auto& text = value.get_ref<const std::string&>();
        if (text.empty()) return "an empty text";
        if (!schema.contains("enum")) return "a text";  // not shown: it may be a misplaced secret
        const auto names = schema["enum"].get<std::vector<std::string>>();
        return "another text" + hint(text, names);
    }

    const Json& schema_;
    const Json& document_;
    const Expanded& expanded_;
};

// Where valijson finds something wrong, and its own words for it.
std::vector<std::pair<Path, std::string>> violations(const nlohmann::json& schema,
                                                     const nlohmann::json& document) {
    valijson::Schema compiled;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled);
    valijson::ValidationResults results;
    valijson::Validator().validate(compiled, valijson::adapters::NlohmannJsonAdapter(document),
                                   &results);
    std::vector<std::pair<Path, std::string>> found;
    for (const auto& error : results) {
        Path path;
        for (size_t i = 1; i < error.context.size(); ++i) {  // the first is "<root>"
            path.push_back(error.context[i].substr(1, error.context[i].size() - 2));
        }
        found.emplace_back(std::move(path), error.description);
    }
    return found;
}

}  // namespace

std::string_view schema_text() { return embedded::config_schema; }

void coerce_expanded(Json& document, const Expanded& expanded) {
    const auto schema = Json::parse(schema_text());
    for (const auto& pointer : expanded) {
        const auto* wanted = schema_at(schema, path_of(pointer));
        if (wanted == nullptr) continue;
        const auto type = wanted->value("type", "");
        if (type != "integer" && type != "boolean") continue;
        auto& value = document.at(Json::json_pointer(pointer));
        auto read = Json::parse(value.get<std::string>(), nullptr, false);
        if (read.is_number_integer() || read.is_boolean()) value = std::move(read);
    }
}

Problems check_schema(const Json& document, const Expanded& expanded) {
    const auto schema = Json::parse(schema_text());
    const Explainer explainer(schema, document, expanded);
    Problems problems;
    std::set<Path> seen;
    const auto found = violations(schema, document);
    for (const auto& [path, words] : found) {
        if (!seen.insert(path).second) continue;
        for (auto& problem : explainer.explain(path)) problems.push_back(std::move(problem));
    }
    if (!found.empty() && problems.empty()) {  // the schema says more than is explained here
        problems.push_back({pointer_of(found.front().first), "a mistake", found.front().second});
    }
    return problems;
}

}  // namespace patchbay::config
