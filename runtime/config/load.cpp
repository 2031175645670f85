#include "runtime/config/load.hpp"

#include "runtime/config/builtin.hpp"
#include "runtime/config/checks.hpp"
#include "runtime/config/read.hpp"
#include "runtime/config/schema.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

namespace patchbay::config {
namespace {

constexpr size_t longest_config = 4 * 1024 * 1024;  // bytes
constexpr const char* builtin_source = "the built-in default";

std::unexpected<Problems> whole_file(std::string found, std::string expected) {
    return std::unexpected(Problems{{"", std::move(found), std::move(expected)}});
}

Checked<Json> parse_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return whole_file("a folder", "a file");
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        const std::string why = std::error_code(errno, std::generic_category()).message();
        return whole_file("no readable file " + path + " (" + why + ")",
                          "an existing file after --config");
    }
    std::string text(longest_config + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > longest_config) return whole_file("more than 4 MiB", "a smaller file");
    return parse(text);
}

Checked<Json> read_document(const LoadOptions& options) {
    const auto source = source_of(options);
    if (source == builtin_source) return builtin_document(options.environment);
    return parse_file(source);
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

Checked<std::string> load_data_dir(const LoadOptions& options) {
    if (!options.data_dir.empty()) return options.data_dir;
    const auto document = read_document(options);
    if (!document) return std::unexpected(document.error());
    const Json::json_pointer pointer("/store/data_dir");
    if (!document->contains(pointer)) return StoreConfig{}.data_dir;

    const auto& text = document->at(pointer);
    if (!text.is_string()) {
        return std::unexpected(Problems{{pointer.to_string(), "no text", "the name of a folder"}});
    }
    auto folder = expand(text.get<std::string>(), options.environment);
    if (folder && !folder->empty()) return *folder;
    return std::unexpected(
        Problems{{pointer.to_string(), folder ? "an empty text" : folder.error().message,
                  "the name of a folder"}});
}

Checked<Config> load(const LoadOptions& options) {
    auto document = read_document(options);
    if (!document) return std::unexpected(std::move(document.error()));

    Problems problems;
    const auto expanded = expand_document(*document, options.environment, problems);
    coerce_expanded(*document, expanded);
    apply_flags(options, *document);
    append_new(check_schema(*document, expanded), problems);
    if (std::ranges::any_of(problems, spoils_names)) return std::unexpected(std::move(problems));

    remove_mistakes(problems, *document);
    auto config = read(*document);
    append_new(check_meaning(config), problems);
    if (!problems.empty()) return std::unexpected(std::move(problems));
    config.source = source_of(options);
    config.debug_logs = options.environment("ENABLE_LOGS") == "true";
    return config;
}

}  // namespace patchbay::config
