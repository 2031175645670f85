#include "runtime/config/overrides.hpp"

#include "runtime/config/near_name.hpp"
#include "runtime/config/text_file.hpp"

#include <filesystem>
#include <vector>

namespace patchbay::config {
namespace {

const char* word_of(const Json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "a list";
    if (value.is_string()) return "a text";
    if (value.is_boolean()) return "true or false";
    return value.is_null() ? "null" : "a number";
}

class Reader {
public:
    Overrides read(const Json& document) {
        if (!is_object(document, "")) return {};
        only_keys(document, "", {"plugins"});
        const auto plugins = document.find("plugins");
        if (plugins == document.end() || !is_object(*plugins, "/plugins")) return {};
        Overrides overrides;
        for (const auto& [name, entry] : plugins->items())
            overrides[name] = read_plugin(entry, step("/plugins", name));
        return overrides;
    }

    Problems take() { return std::move(problems_); }

private:
    PluginOverride read_plugin(const Json& entry, const std::string& pointer) {
        PluginOverride result;
        if (!is_object(entry, pointer)) return result;
        only_keys(entry, pointer, {"library", "enabled", "config"});
        if (const auto library = entry.find("library"); library != entry.end()) {
            if (library->is_string())
                result.library = library->get<std::string>();
            else
                problems_.push_back({step(pointer, "library"), word_of(*library), "a text"});
        }
        if (const auto enabled = entry.find("enabled"); enabled != entry.end()) {
            if (enabled->is_boolean())
                result.enabled = enabled->get<bool>();
            else
                problems_.push_back({step(pointer, "enabled"), word_of(*enabled), "true or false"});
        }
        if (const auto config = entry.find("config"); config != entry.end()) {
            if (is_object(*config, step(pointer, "config"))) result.config = *config;
        }
        return result;
    }

    bool is_object(const Json& value, const std::string& pointer) {
        if (!value.is_object()) problems_.push_back({pointer, word_of(value), "an object"});
        return value.is_object();
    }

    void only_keys(const Json& object, const std::string& pointer,
                   const std::vector<std::string>& known) {
        for (const auto& [key, value] : object.items()) {
            if (std::ranges::find(known, key) != known.end()) continue;
            std::string names;
            for (const auto& name : known) names += (names.empty() ? "\"" : " or \"") + name + "\"";
            problems_.push_back({step(pointer, key), "an unknown key", names + hint(key, known)});
        }
    }

    Problems problems_;
};

}  // namespace

void merge(const PluginOverride& change, PluginOverride& into) {
    if (change.enabled) into.enabled = change.enabled;
    for (const auto& [name, value] : change.config.items()) into.config[name] = value;
}

void remove(const PluginOverride& change, PluginOverride& from) {
    if (change.enabled) from.enabled.reset();
    for (const auto& [name, value] : change.config.items()) from.config.erase(name);
}

Checked<Overrides> parse_overrides(std::string_view text) {
    const auto document = parse(text);
    if (!document) return std::unexpected(document.error());
    Reader reader;
    auto overrides = reader.read(*document);
    if (auto problems = reader.take(); !problems.empty())
        return std::unexpected(std::move(problems));
    return overrides;
}

std::string text_of(const Overrides& overrides) {
    auto plugins = Json::object();
    for (const auto& [name, each] : overrides) {
        auto entry = Json::object();
        if (!each.library.empty() && !each.empty()) entry["library"] = each.library;
        if (each.enabled) entry["enabled"] = *each.enabled;
        if (!each.config.empty()) entry["config"] = each.config;
        if (!entry.empty()) plugins[name] = std::move(entry);
    }
    return Json{{"plugins", std::move(plugins)}}.dump(2) + "\n";
}

Checked<Overrides> read_overrides(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return Overrides();
    const auto text = read_text_file(path);
    auto overrides = text ? parse_overrides(*text) : std::unexpected(text.error());
    if (overrides) return overrides;
    for (auto& problem : overrides.error()) problem.found += " in " + path;
    return overrides;
}

std::string overrides_path(const std::string& data_dir) { return data_dir + "/overrides.json"; }

}  // namespace patchbay::config
