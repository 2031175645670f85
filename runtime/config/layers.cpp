#include "runtime/config/layers.hpp"

#include "runtime/config/expand.hpp"
#include "runtime/config/hidden.hpp"

#include <array>
#include <filesystem>
#include <set>
#include <utility>

namespace patchbay::config {
namespace {

// The entry of an instance; nullptr when there is none, or it is no object.
template <class Document>
auto* entry_of(Document& document, const std::string& name) {
    using Entry = std::remove_reference_t<decltype(document["plugins"])>;
    Entry* none = nullptr;
    if (!document.is_object() || !document.contains("plugins")) return none;
    auto& plugins = document["plugins"];
    if (!plugins.is_object() || !plugins.contains(name)) return none;
    auto& entry = plugins[name];
    return entry.is_object() ? &entry : none;
}

// Who names no agent has the one that comes with the server.
Json with_implied_agent(Json document) {
    constexpr auto implied = "chat";
    if (!document.is_object() || !document.contains("plugins")) return document;
    const auto agents = document.value("agents", Json::object());
    if (agents.is_object() && agents.value("default", Json(implied)) != implied) return document;
    auto& plugins = document["plugins"];
    if (plugins.is_object() && !plugins.contains(implied))
        plugins[implied] = {{"library", "patchbay_agent_chat"}};
    return document;
}

// "demo" of "demo" and of "/opt/2.0/demo.so".
std::string file_name_of(const std::string& library) {
    return std::filesystem::path(library).stem().string();
}

std::string library_of(const Json& entry) {
    const auto library = entry.find("library");
    return library != entry.end() && library->is_string() ? library->get<std::string>() : "";
}

// What was meant for one plugin must not configure another one that has taken its name.
bool is_meant_for(const PluginOverride& change, const Json& entry) {
    return change.library.empty() ||
           file_name_of(change.library) == file_name_of(library_of(entry));
}

void apply(const Overrides& overrides, Json& document) {
    for (const auto& [name, change] : overrides) {
        auto* const entry = entry_of(document, name);
        if (entry == nullptr || !is_meant_for(change, *entry)) continue;
        if (change.enabled) (*entry)["enabled"] = *change.enabled;
        if (change.config.empty()) continue;
        auto& config = (*entry)["config"];
        if (config.is_null()) config = Json::object();
        if (!config.is_object()) continue;  // the file's mistake, which is reported
        for (const auto& [key, value] : change.config.items()) {
            if (value.is_null())
                config.erase(key);
            else
                config[key] = value;
        }
    }
}

void refuse_texts(const Json& value, const std::string& pointer, Problems& problems) {
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (has_reference(text))
            problems.push_back({pointer, "a reference", "a plain text, \"$${\" for a \"${\""});
        if (text == hidden_text)
            problems.push_back({pointer, "what stands for a hidden value", "the value itself"});
    }
    if (value.is_array()) {
        for (size_t i = 0; i < value.size(); ++i)
            refuse_texts(value[i], step(pointer, std::to_string(i)), problems);
    }
    if (value.is_object()) {
        for (const auto& [key, member] : value.items())
            refuse_texts(member, step(pointer, key), problems);
    }
}

// Overrides that say nothing are none.
void put(Overrides& overrides, const std::string& name, PluginOverride value) {
    if (value.empty())
        overrides.erase(name);
    else
        overrides[name] = std::move(value);
}

// Those of the instance with this entry; none when there are none, or they are not meant for it.
PluginOverride find(const Overrides& overrides, const std::string& name, const Json& entry) {
    const auto found = overrides.find(name);
    const bool fits = found != overrides.end() && is_meant_for(found->second, entry);
    return fits ? found->second : PluginOverride();
}

// Which layer a value was taken from.
const char* origin(bool passing, bool persisted, bool file) {
    if (passing) return "api";
    if (persisted) return "overrides";
    return file ? "file" : "default";
}

Json default_of(const Json& schema) { return schema.value("default", Json()); }

}  // namespace

Json document_of(const Layers& layers) {
    auto document = with_implied_agent(layers.file);
    apply(layers.persisted, document);
    apply(layers.passing, document);
    return document;
}

bool has_plugin(const Layers& layers, const std::string& name) {
    const auto document = document_of(layers);
    return entry_of(document, name) != nullptr;
}

std::vector<std::string> override_warnings(const Layers& layers) {
    const auto document = document_of(layers);
    std::vector<std::string> sentences;
    for (const auto& [name, change] : layers.persisted) {
        const auto* const entry = entry_of(document, name);
        if (entry == nullptr)
            sentences.push_back("overrides.json changes the plugin \"" + name +
                                "\", which the config does not have.");
        else if (!is_meant_for(change, *entry))
            sentences.push_back("overrides.json changes the plugin \"" + name +
                                "\" of the library " + change.library +
                                ", and the config has another library there: left out.");
    }
    return sentences;
}

const char* what_switches_off(const Layers& layers, const std::string& name) {
    const auto document = document_of(layers);
    const auto* const entry = entry_of(document, name);
    if (entry == nullptr) return nullptr;
    const auto passing = find(layers.passing, name, *entry).enabled;
    if (passing) return *passing ? nullptr : "the API";
    return find(layers.persisted, name, *entry).enabled.value_or(true) ? nullptr : "overrides.json";
}

Checked<Layers> with_change(Layers layers, const PluginChange& change) {
    const auto& name = change.name;
    if (change.forget) {
        layers.persisted.erase(name);
        layers.passing.erase(name);
        return layers;
    }
    Problems problems;
    const auto document = document_of(layers);
    const auto* const known = entry_of(document, name);
    if (known == nullptr)
        problems.push_back({step("/plugins", name), "nothing", "a plugin of the config file"});
    refuse_texts(change.values.config, step("/plugins", name) + "/config", problems);
    if (!problems.empty()) return std::unexpected(std::move(problems));

    auto passing = find(layers.passing, name, *known);
    if (change.persist) {
        auto persisted = find(layers.persisted, name, *known);
        merge(change.values, persisted);
        persisted.library = library_of(*known);
        put(layers.persisted, name, std::move(persisted));
        remove(change.values, passing);
    } else {
        merge(change.values, passing);
    }
    put(layers.passing, name, std::move(passing));
    return layers;
}

Json settings_of(const Layers& layers, const std::string& name, const Json& schema) {
    const auto document = document_of(layers);
    const auto* const now = entry_of(document, name);
    if (now == nullptr) return nullptr;
    const auto* const in_layer = entry_of(layers.file, name);
    const auto file = in_layer ? *in_layer : Json::object();  // empty: it is implied
    const auto persisted = find(layers.persisted, name, *now);
    const auto passing = find(layers.passing, name, *now);

    auto settings = Json::object();
    const std::array<std::pair<const char*, Json>, 6> members{{{"library", nullptr},
                                                               {"enabled", true},
                                                               {"required", false},
                                                               {"tools", nullptr},
                                                               {"approval", nullptr},
                                                               {"applies_to", Json::object()}}};
    for (const auto& [key, unset] : members) {
        const bool is_enabled = key == std::string_view("enabled");
        settings[key] = {
            {"value", without_references(now->value(key, unset))},
            {"origin", origin(is_enabled && passing.enabled.has_value(),
                              is_enabled && persisted.enabled.has_value(), file.contains(key))}};
    }
    const auto object = Json::object();
    const auto config = now->value("config", object);
    const auto in_file = file.value("config", object);
    const auto described = schema.is_object() ? schema.value("properties", object) : object;
    auto& values = settings["config"] = Json::object();
    const auto show = [&](const std::string& key) {
        if (values.contains(key)) return;
        const bool set = config.contains(key);
        const auto value = set ? config[key] : default_of(described.value(key, object));
        values[key] = {{"value", with_secrets_hidden(value, schema, key)},
                       {"origin", origin(passing.config.contains(key),
                                         persisted.config.contains(key), in_file.contains(key))}};
    };
    for (const auto* each : {&config, &persisted.config, &passing.config}) {
        for (const auto& [key, ignored] : each->items()) show(key);
    }
    for (const auto& [key, property] : described.items()) {
        if (property.is_object() && property.contains("default")) show(key);
    }
    return settings;
}

}  // namespace patchbay::config
