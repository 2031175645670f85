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

// Leaves out what is known to be wrong already: an unresolved reference is no integer either.
void append_new(Problems more, Problems& problems) {
    for (auto& problem : more) {
        const auto known = std::ranges::find(problems, problem.pointer, &Problem::pointer);
        if (known == problems.end()) problems.push_back(std::move(problem));
    }
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
    return std::unexpected(Problems{{pointer.to_string(),
                                     folder ? "an empty text" : folder.error().message,
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
    if (!problems.empty()) return std::unexpected(std::move(problems));

    auto config = read(*document);
    config.source = source_of(options);
    config.debug_logs = options.environment("ENABLE_LOGS") == "true";
    if (auto wrong = check_meaning(config); !wrong.empty()) return std::unexpected(std::move(wrong));
    return config;
}

}  // namespace patchbay::config
