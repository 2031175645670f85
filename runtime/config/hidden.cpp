#include "runtime/config/hidden.hpp"

#include "runtime/config/expand.hpp"
#include "runtime/config/layers.hpp"

#include <algorithm>
#include <vector>

namespace patchbay::config {
namespace {

using Schemas = std::vector<const Json*>;  // all that may speak of one value

class SecretHider {
public:
    explicit SecretHider(const Json& root) : root_(root) {}

    Json hide(const Json& value, const Schemas& schemas) const {
        for (const auto* schema : schemas) {
            if (is_secret(*schema)) return hidden_text;
        }
        if (value.is_string()) {
            const bool unknown = schemas.empty();
            const bool refers = has_reference(value.get_ref<const std::string&>());
            return unknown || refers ? Json(hidden_text) : value;
        }
        Json shown = value;
        if (value.is_array()) {
            for (size_t i = 0; i < value.size(); ++i)
                shown[i] = hide(value[i], items_of(schemas, i));
        } else if (value.is_object()) {
            for (const auto& [key, member] : value.items())
                shown[key] = hide(member, members_of(schemas, key));
        }
        return shown;
    }

    Schemas members_of(const Schemas& schemas, const std::string& key) const {
        Schemas found;
        for (const auto* schema : schemas) {
            if (const auto* properties = object_in(*schema, "properties")) {
                if (properties->contains(key)) add(properties->at(key), found);
            }
            if (const auto* patterns = object_in(*schema, "patternProperties")) {
                for (const auto& [pattern, each] : patterns->items()) add(each, found);
            }
            if (const auto* other = object_in(*schema, "additionalProperties")) add(*other, found);
        }
        return found;
    }

    // A schema with everything that it refers to or may choose from, each once.
    void add(const Json& schema, Schemas& found) const {
        if (!schema.is_object() || std::ranges::find(found, &schema) != found.end()) return;
        found.push_back(&schema);
        if (const auto reference = schema.find("$ref");
            reference != schema.end() && reference->is_string())
            add_referred(reference->get<std::string>(), found);
        for (const char* branch : {"allOf", "anyOf", "oneOf"}) {
            const auto list = schema.find(branch);
            if (list == schema.end() || !list->is_array()) continue;
            for (const auto& each : *list) add(each, found);
        }
        for (const char* branch : {"if", "then", "else"}) {
            if (const auto each = schema.find(branch); each != schema.end()) add(*each, found);
        }
    }

private:
    static bool is_secret(const Json& schema) {
        const auto write_only = schema.find("writeOnly");
        const auto format = schema.find("format");
        return (write_only != schema.end() && *write_only == true) ||
               (format != schema.end() && *format == "password");
    }

    static const Json* object_in(const Json& schema, const char* key) {
        const auto found = schema.find(key);
        return found != schema.end() && found->is_object() ? &*found : nullptr;
    }

    Schemas items_of(const Schemas& schemas, size_t index) const {
        Schemas found;
        for (const auto* schema : schemas) {
            const auto items = schema->find("items");
            if (items == schema->end()) continue;
            if (items->is_array() && index < items->size())
                add(items->at(index), found);
            else
                add(*items, found);
        }
        return found;
    }

    // Only "#…": a schema from elsewhere is not at hand.
    void add_referred(const std::string& reference, Schemas& found) const {
        if (!reference.starts_with('#')) return;
        try {
            add(root_.at(Json::json_pointer(reference.substr(1))), found);
        } catch (const Json::exception&) {  // a reference to nothing says nothing
        }
    }

    const Json& root_;
};

}  // namespace

Json without_references(Json value) {
    if (value.is_structured()) {
        for (auto& each : value) each = without_references(std::move(each));
    }
    const bool hide = value.is_string() && has_reference(value.get_ref<const std::string&>());
    return hide ? Json(hidden_text) : value;
}

Json with_secrets_hidden(const Json& value, const Json& schema, const std::string& key) {
    const SecretHider hider(schema);
    Schemas whole;
    hider.add(schema, whole);
    return hider.hide(value, hider.members_of(whole, key));
}

}  // namespace patchbay::config
