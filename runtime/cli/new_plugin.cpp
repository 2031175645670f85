#include "runtime/cli/new_plugin.hpp"

#include "runtime/cli/plugin_templates.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace patchbay::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t longest_name = 48;

// Names that CMake or the linker has given to something else.
constexpr std::string_view reserved[] = {"all",
                                         "build",
                                         "c",
                                         "clean",
                                         "codegen",
                                         "depend",
                                         "dl",
                                         "edit_cache",
                                         "gcc",
                                         "gcc_s",
                                         "help",
                                         "install",
                                         "list_install_components",
                                         "m",
                                         "package",
                                         "package_source",
                                         "patchbay",
                                         "preinstall",
                                         "pthread",
                                         "rebuild_cache",
                                         "rt",
                                         "test",
                                         "util"};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "My-Agent" → "my_agent": what was meant, perhaps.
std::string near_name(std::string_view name) {
    std::string near;
    for (const char c : name) {
        if (is_small_letter(lower(c)) || (is_digit(c) && !near.empty()))
            near += lower(c);
        else if (!near.empty() && near.back() != '_')
            near += '_';
    }
    while (near.ends_with('_')) near.pop_back();
    return near.substr(0, longest_name);
}

Result<void> check_name(const std::string& name) {
    const bool good = !name.empty() && name.size() <= longest_name && is_small_letter(name[0]) &&
                      std::ranges::all_of(name, [](char c) {
                          return is_small_letter(c) || is_digit(c) || c == '_';
                      });
    if (!good) {
        const auto near = near_name(name);
        return failure(ErrorCode::bad_request,
                       fmt::format("'{}' is no name for a plugin: small letters, digits and _, a "
                                   "letter first, {} at most{}",
                                   name, longest_name, near.empty() ? "" : "; try " + near));
    }
    if (std::ranges::find(reserved, name) != std::end(reserved))
        return failure(ErrorCode::bad_request,
                       fmt::format("'{0}' means something else to CMake: try my_{0}", name));
    return {};
}

Result<PluginTemplate> find_template(const std::string& kind, const std::string& language) {
    for (const auto& candidate : plugin_templates()) {
        if (candidate.kind == kind && candidate.language == language) return candidate;
    }
    if (const auto languages = languages_of(kind); !languages.empty())
        return failure(ErrorCode::bad_request,
                       fmt::format("a plugin of kind {} cannot be begun in '{}': --lang {}", kind,
                                   language, fmt::join(languages, ", ")));
    return failure(ErrorCode::bad_request, fmt::format("there is no kind '{}': --kind {}", kind,
                                                       fmt::join(plugin_kinds(), ", ")));
}

void replace(std::string& text, std::string_view what, std::string_view with) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

// "my_agent" → "MyAgent".
std::string class_name(std::string_view name) {
    std::string result;
    bool starts_word = true;
    for (const char c : name) {
        if (c != '_') result += starts_word ? upper(c) : c;
        starts_word = c == '_';
    }
    return result;
}

// The SDK that was installed with this program, when CMake does not look there by itself; or "".
std::string sdk_prefix() {
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error);
    const auto prefix = program.parent_path().parent_path();
    if (error || prefix == "/usr" || prefix == "/usr/local") return {};
    return fs::exists(prefix / "share/cmake/Patchbay/PatchbayConfig.cmake", error) ? prefix.string()
                                                                                   : std::string();
}

// As a shell reads it back.
std::string quoted(const std::string& path) {
    auto text = path;
    replace(text, "'", R"('\'')");
    return "'" + text + "'";
}

// What is typed next, in the folder of the project `name`, line by line.
std::vector<std::string> commands(const std::string& name) {
    const auto prefix = sdk_prefix();
    return {"cmake -B build" + (prefix.empty() ? "" : " -DCMAKE_PREFIX_PATH=" + quoted(prefix)),
            "cmake --build build", "ctest --test-dir build",
            "patchbay plugin validate build/" + name + ".so"};
}

// One project, its names filled in.
class Project {
public:
    Project(const NewPluginFlags& flags, const PluginTemplate& from)
        : name_(flags.name),
          folder_(fs::absolute(fs::path(flags.directory) / flags.name).lexically_normal()),
          from_(from) {}

    const fs::path& folder() const { return folder_; }

    // What to write into patchbay.json, where the project is in `folder`.
    std::string config(const fs::path& folder) const {
        auto text = filled(from_.config);
        const auto library = (folder / "build" / (name_ + ".so")).string();
        replace(text, "\"MY_LIBRARY\"", nlohmann::json(library).dump());
        return text;
    }

    // Makes the folder, which must not be there, and all files.
    Result<void> write() const {
        std::error_code problem;
        fs::create_directories(folder_.parent_path(), problem);
        if (!problem && !fs::create_directory(folder_, problem) && !problem)
            return failure(ErrorCode::conflict, folder_.string() + " is there already");
        if (problem)
            return failure(ErrorCode::storage, folder_.string() + ": " + problem.message());

        const auto extension = from_.language == "c" ? ".c" : ".cpp";
        const std::pair<std::string, std::string> files[] = {
            {"CMakeLists.txt", filled(project_template(from_.language))},
            {name_ + extension, filled(from_.source)},
            {name_ + "_test.cpp", filled(from_.test)},
            {"README.md", readme(extension)},
            {".gitignore", "build/\n"}};
        for (const auto& [file, text] : files) {
            std::ofstream out(folder_ / file, std::ios::binary);
            out << text << std::flush;
            if (!out)
                return failure(ErrorCode::storage,
                               (folder_ / file).string() + ": " + std::strerror(errno));
        }
        return {};
    }

private:
    std::string filled(std::string_view text) const {
        std::string result(text);
        auto capitals = name_;
        std::ranges::transform(capitals, capitals.begin(), upper);
        replace(result, "my_plugin", name_);
        replace(result, "MyPlugin", class_name(name_));
        replace(result, "MY_PLUGIN", capitals);
        return result;
    }

    std::string readme(std::string_view extension) const {
        auto text = std::string(readme_template());
        replace(text, "`my_plugin.cpp`", "`my_plugin" + std::string(extension) + "`");
        text = filled(text);
        replace(text, "MY_CONFIG", config(fs::path("/path/to") / name_));
        return text;
    }

    std::string name_;
    fs::path folder_;
    PluginTemplate from_;
};

}  // namespace

int plugin_new(const NewPluginFlags& flags, Terminal terminal) {
    if (const auto checked = check_name(flags.name); !checked)
        return fail(terminal, checked.error()), bad_usage;
    const auto from = find_template(flags.kind, flags.language);
    if (!from) return fail(terminal, from.error()), bad_usage;

    const Project project(flags, *from);
    if (const auto written = project.write(); !written) return fail(terminal, written.error());
    terminal.out << "Wrote " << project.folder().string() << ". Next:\n\n  cd "
                 << quoted(project.folder().string()) << "\n";
    for (const auto& command : commands(flags.name)) terminal.out << "  " << command << "\n";
    terminal.out << "\nTo use it, in patchbay.json:\n\n"
                 << project.config(project.folder()) << "\n";
    return done;
}

}  // namespace patchbay::cli
