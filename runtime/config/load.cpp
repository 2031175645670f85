#include "runtime/config/load.hpp"

#include "runtime/config/builtin.hpp"
#include "runtime/config/checks.hpp"
#include "runtime/config/read.hpp"
#include "runtime/config/schema.hpp"
#include "runtime/config/text_file.hpp"

#include <algorithm>
#include <filesystem>

namespace patchbay::config {
namespace {

constexpr const char* builtin_source = "the built-in default";

Checked<Json> read_document(const LoadOptions& options) {
    const auto source = source_of(options);
    if (source == builtin_source) return builtin_document(options.environment);
    const auto text = read_text_file(source);
    return text ? parse(*text) : std::unexpected(text.error());
}

// What the command line says takes the file's place.
void apply_flags(const LoadOptions& options, Json& document) {
    if (!document.is_object()) return;
    const auto section = [&](const char* name) -> Json* {
        auto& value = document[name];
        if (value.is_null()) value = Json::object();
        return value.is_object() ? &value : nullptr;
    };
    if (!options.listen.empty()) {
        if (auto* server = section("server")) (*server)["listen"] = options.listen;
    }
    if (!options.data_dir.empty()) {
        if (auto* store = section("store")) (*store)["data_dir"] = options.data_dir;
    }
}

bool is_inside(const std::string& pointer, const std::string& outer) {
    return pointer == outer || pointer.starts_with(outer + "/");
}

// Leaves out what is only another view of a mistake that is known already.
void append_new(Problems more, Problems& problems) {
    const auto known = problems;
    for (auto& problem : more) {
        const bool repeats = std::ranges::any_of(known, [&](const Problem& other) {
            return is_inside(problem.pointer, other.pointer) ||
                   is_inside(other.pointer, problem.pointer);
        });
        if (!repeats) problems.push_back(std::move(problem));
    }
}

// Takes the mistakes out of `document`, so that the rest of it can be read.
void remove_mistakes(const Problems& problems, Json& document) {
    for (const auto& problem : problems) {
        Json::json_pointer place(problem.pointer);
        if (place.empty() || !document.contains(place)) continue;
        if (document.at(place.parent_pointer()).is_array()) place.pop_back();
        document.at(place.parent_pointer()).erase(place.back());
    }
}

// With an instance unreadable, nobody knows which names exist.
bool spoils_names(const Problem& problem) {
    if (problem.pointer.empty() || problem.pointer == "/plugins") return true;
    const Json::json_pointer place(problem.pointer);
    return place.parent_pointer().to_string() == "/plugins";
}

}  // namespace

std::string source_of(const LoadOptions& options) {
    if (!options.file.empty()) return options.file;
    for (const auto& path : options.search) {
        std::error_code error;
        if (std::filesystem::exists(path, error)) return path;
    }
    return builtin_source;
}

namespace {

Checked<std::string> data_dir_of(const Json& document, const LoadOptions& options) {
    if (!options.data_dir.empty()) return options.data_dir;
    const Json::json_pointer pointer("/store/data_dir");
    if (!document.contains(pointer)) return StoreConfig{}.data_dir;

    const auto& text = document.at(pointer);
    if (!text.is_string()) {
        return std::unexpected(Problems{{pointer.to_string(), "no text", "the name of a folder"}});
    }
    auto folder = expand(text.get<std::string>(), options.environment);
    if (folder && !folder->empty()) return *folder;
    return std::unexpected(
        Problems{{pointer.to_string(), folder ? "an empty text" : folder.error().message,
                  "the name of a folder"}});
}

// Checks and reads an expanded document; `problems`: what was wrong with its references.
Checked<Config> config_of(Json document, const Expanded& expanded, Layers layers,
                          const LoadOptions& options, Problems problems) {
    append_new(check_schema(document, expanded), problems);
    if (std::ranges::any_of(problems, spoils_names)) return std::unexpected(std::move(problems));

    layers.expanded = std::make_shared<const Json>(document);
    remove_mistakes(problems, document);
    auto config = read(document);
    config.source = layers.source;
    config.debug_logs = options.environment("ENABLE_LOGS") == "true";
    config.layers = std::make_shared<const Layers>(std::move(layers));
    append_new(check_meaning(config), problems);
    if (!problems.empty()) return std::unexpected(std::move(problems));
    return config;
}

}  // namespace

Checked<std::string> load_data_dir(const LoadOptions& options) {
    if (!options.data_dir.empty()) return options.data_dir;
    const auto document = read_document(options);
    return document ? data_dir_of(*document, options) : std::unexpected(document.error());
}

Checked<Config> load(const LoadOptions& options) {
    auto layers = read_layers(options);
    if (!layers) return std::unexpected(std::move(layers.error()));
    return load_from(std::move(*layers), options);
}

Checked<Layers> read_layers(const LoadOptions& options) {
    auto document = read_document(options);
    if (!document) return std::unexpected(std::move(document.error()));
    auto folder = options.overrides_dir;
    if (folder.empty()) {
        const auto data_dir = data_dir_of(*document, options);
        // A data folder that is wrong is one of the mistakes that load_from() reports.
        folder = data_dir.value_or("");
    }
    Layers layers{.file = std::move(*document), .source = source_of(options)};
    if (folder.empty()) return layers;
    auto persisted = read_overrides(overrides_path(folder));
    if (!persisted) return std::unexpected(std::move(persisted.error()));
    layers.persisted = std::move(*persisted);
    return layers;
}

Checked<Config> load_from(Layers layers, const LoadOptions& options) {
    auto document = document_of(layers);
    Problems problems;
    const auto expanded = expand_document(document, options.environment, problems);
    coerce_expanded(document, expanded);
    apply_flags(options, document);
    return config_of(std::move(document), expanded, std::move(layers), options,
                     std::move(problems));
}

Checked<Config> load_change(Layers layers, const std::string& name, const LoadOptions& options) {
    if (!layers.expanded) return load_from(std::move(layers), options);
    const auto now = document_of(layers);
    auto changed = Json{{"plugins", Json::object()}};
    if (now.at("plugins").contains(name)) changed["plugins"][name] = now["plugins"][name];
    Problems problems;
    const auto expanded = expand_document(changed, options.environment, problems);
    auto document = *layers.expanded;
    document["plugins"].update(changed["plugins"]);
    coerce_expanded(document, expanded);
    return config_of(std::move(document), expanded, std::move(layers), options,
                     std::move(problems));
}

}  // namespace patchbay::config
