#include "runtime/validate/config_samples.hpp"

#include "runtime/plugins/about.hpp"

namespace patchbay::validate {
namespace {

using Json = nlohmann::json;

std::string type_of(const Json& schema) {
    const auto type = schema.find("type");
    if (type == schema.end()) return schema.contains("properties") ? "object" : "string";
    if (type->is_array()) return type->empty() ? "string" : type->front().get<std::string>();
    return type->is_string() ? type->get<std::string>() : "string";
}

Json sample_object(const Json& schema) {
    auto object = Json::object();
    const auto properties = schema.value("properties", Json::object());
    for (const auto& name : schema.value("required", Json::array())) {
        if (!name.is_string()) continue;
        object[name.get<std::string>()] =
            sample_of(properties.value(name.get<std::string>(), Json::object()));
    }
    return object;
}

Json sample_array(const Json& schema) {
    auto array = Json::array();
    const auto least = schema.value("minItems", size_t{0});
    for (size_t i = 0; i < std::min(least, size_t{16}); ++i)
        array.push_back(sample_of(schema.value("items", Json::object())));
    return array;
}

// Long enough, and an address where one is asked for.
Json sample_text(const Json& schema) {
    const auto form = schema.value("pattern", "") + schema.value("format", "");
    const auto description = schema.value("description", "");
    if (form.find("http") != form.npos || form.find("uri") != form.npos ||
        description.find("https://") != description.npos)
        return "https://upstream.test";
    return std::string(
        std::min(std::max(schema.value("minLength", size_t{1}), size_t{1}), size_t{4096}), 'x');
}

}  // namespace

Json sample_of(const Json& schema) {
    if (!schema.is_object()) return "x";
    for (const char* key : {"default", "const"})
        if (schema.contains(key)) return schema[key];
    for (const char* key : {"examples", "enum"})
        if (schema.contains(key) && schema[key].is_array() && !schema[key].empty())
            return schema[key].front();
    for (const char* key : {"anyOf", "oneOf"})
        if (schema.contains(key) && schema[key].is_array() && !schema[key].empty())
            return sample_of(schema[key].front());
    const auto type = type_of(schema);
    if (type == "object") return sample_object(schema);
    if (type == "array") return sample_array(schema);
    if (type == "boolean") return false;
    if (type == "null") return nullptr;
    if (type == "integer" || type == "number") return schema.value("minimum", Json(1));
    return sample_text(schema);
}

std::string config_for(const Subject& subject, const patchbay_plugin& plugin) {
    if (!subject.config.empty()) return subject.config;
    const auto about = plugins::parse_about(plugin.about_json);
    if (!about || about->config_schema.is_null()) return "{}";
    const auto sample = sample_of(about->config_schema);
    return sample.is_object() ? sample.dump() : "{}";
}

std::vector<Json> with_wrong_types(const Json& schema, const Json& valid) {
    std::vector<Json> configs;
    auto names = schema.is_object() ? schema.value("properties", Json::object()) : Json::object();
    for (const auto& [name, value] : valid.items())
        if (!names.contains(name)) names[name] = Json::object();
    for (const auto& [name, property] : names.items()) {
        for (const Json& wrong : {Json("text"), Json(-1), Json(1.5), Json(true), Json(nullptr),
                                  Json::array({Json::object()}), Json::object({{"a", 1}})}) {
            auto config = valid;
            config[name] = wrong;
            configs.push_back(std::move(config));
        }
    }
    return configs;
}

std::vector<Json> with_empty_texts(const Json& schema, const Json& valid) {
    std::vector<Json> configs;
    const auto properties =
        schema.is_object() ? schema.value("properties", Json::object()) : Json::object();
    const auto empty = [&](const std::string& name) {
        auto config = valid;
        config[name] = "";
        configs.push_back(std::move(config));
    };
    for (const auto& [name, property] : properties.items())
        if (type_of(property) == "string") empty(name);
    for (const auto& [name, value] : valid.items())
        if (value.is_string() && !properties.contains(name)) empty(name);
    return configs;
}

}  // namespace patchbay::validate
