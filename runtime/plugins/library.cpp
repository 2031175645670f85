#include "runtime/plugins/library.hpp"

#include "runtime/config/near_name.hpp"

#include <boost/dll/shared_library.hpp>

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".so";

bool is_near(const std::string& name, const std::string& candidate) {
    return candidate.find(name) != std::string::npos || name.find(candidate) != std::string::npos ||
           config::edits(name, candidate) <= 3;
}

std::string near_names(const std::string& name, const std::vector<std::string>& folders) {
    std::string names;
    for (const auto& folder : folders) {
        std::error_code ignored;  // a folder that is not there has no candidates
        for (const auto& file : fs::directory_iterator(folder, ignored)) {
            const auto candidate = file.path().stem().string();
            if (file.path().extension() != suffix || !is_near(name, candidate)) continue;
            names += (names.empty() ? "" : ", ") + candidate;
        }
    }
    return names;
}

Error not_found(const std::string& name, const std::vector<std::string>& folders) {
    const auto names = near_names(name, folders);
    return {.code = ErrorCode::not_found,
            .message = fmt::format("no {}{} in {}{}", name, suffix,
                                   folders.empty() ? "any folder: plugin_path is empty"
                                                   : fmt::format("{}", fmt::join(folders, ", ")),
                                   names.empty() ? "" : "; near it: " + names)};
}

bool everybody_writes(fs::perms permissions) {
    return (permissions & fs::perms::others_write) != fs::perms::none;
}

Result<void> check_folder(const fs::path& folder) {
    std::error_code problem;
    const auto permissions = fs::status(folder, problem).permissions();
    if (problem) return failure(ErrorCode::not_found, folder.string() + ": " + problem.message());
    const bool sticky = (permissions & fs::perms::sticky_bit) != fs::perms::none;
    if (everybody_writes(permissions) && !sticky)
        return failure(ErrorCode::forbidden,
                       folder.string() + " may be written by everybody: chmod o-w it");
    return {};
}

// Whoever may replace the file, or the link to it, may run code as this server.
Result<void> check_permissions(const fs::path& named, const fs::path& real) {
    std::error_code problem;
    const auto file = fs::status(real, problem);
    if (problem) return failure(ErrorCode::not_found, real.string() + ": " + problem.message());
    if (!fs::is_regular_file(file))
        return failure(ErrorCode::bad_request, real.string() + " is not a file");
    if (everybody_writes(file.permissions()))
        return failure(ErrorCode::forbidden,
                       real.string() + " may be written by everybody: chmod o-w it");
    if (auto checked = check_folder(named.parent_path()); !checked) return checked;
    return check_folder(real.parent_path());
}

Result<void> check_entry(const fs::path& path, const patchbay_plugin& entry) {
    if (entry.abi != PATCHBAY_ABI_MAJOR)
        return failure(ErrorCode::unsupported,
                       fmt::format("{} was built for ABI {}, this host speaks ABI {}: rebuild it",
                                   path.string(), entry.abi, PATCHBAY_ABI_MAJOR));
    const std::pair<const char*, bool> members[] = {
        {"id", entry.id != nullptr},
        {"version", entry.version != nullptr},
        {"about_json", entry.about_json != nullptr},
        {"create", entry.create != nullptr},
        {"destroy", entry.destroy != nullptr},
        {"get_interface", entry.get_interface != nullptr}};
    for (const auto& [name, present] : members) {
        if (!present)
            return failure(
                ErrorCode::bad_request,
                fmt::format("{}: patchbay_plugin_entry.{} is NULL", path.string(), name));
    }
    return {};
}

// Libraries by path, for ever: C++ and Rust thread-locals pin a library anyway, while dlclose()
// reports success, and Boost.DLL closes what it destroys.
struct Loaded {
    std::mutex mutex;
    std::map<fs::path, boost::dll::shared_library> libraries;
};

Loaded& loaded() {
    static auto* const libraries = new Loaded;
    return *libraries;
}

}  // namespace

Result<fs::path> find_library(const std::string& name, const std::vector<std::string>& folders) {
    if (name.empty()) return failure(ErrorCode::bad_request, "the library has no name");
    if (fs::path(name).is_absolute()) {
        if (fs::exists(name)) return fs::path(name);
        return failure(ErrorCode::not_found, "there is no file " + name);
    }
    if (name.find('/') != std::string::npos)
        return failure(ErrorCode::bad_request,
                       name + ": give a name without '/', or an absolute path");
    for (const auto& folder : folders) {
        const auto path = fs::absolute(folder) / (name + std::string(suffix));
        std::error_code ignored;
        if (fs::exists(path, ignored)) return path;
    }
    return std::unexpected(not_found(name, folders));
}

Result<Library> load_library(const fs::path& path) {
    std::error_code problem;
    const auto real = fs::canonical(path, problem);
    if (problem) return failure(ErrorCode::not_found, path.string() + ": " + problem.message());
    if (auto checked = check_permissions(fs::absolute(path), real); !checked)
        return std::unexpected(checked.error());

    auto& [mutex, libraries] = loaded();
    const std::lock_guard lock(mutex);
    auto& library = libraries[real];
    if (!library.is_loaded()) {
        const auto mode = boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local;
        boost::dll::fs::error_code failed;
        library.load(real.string(), mode, failed);
        if (failed) {
            const char* why = dlerror();
            return failure(ErrorCode::unavailable, why ? why : real.string() + ": not loaded");
        }
    }
    if (!library.has("patchbay_plugin_entry"))
        return failure(ErrorCode::bad_request,
                       real.string() + " is no plugin: it exports no patchbay_plugin_entry");
    const auto& entry = library.get<const patchbay_plugin>("patchbay_plugin_entry");
    if (auto checked = check_entry(real, entry); !checked) return std::unexpected(checked.error());
    return Library{.path = real, .entry = &entry};
}

}  // namespace patchbay::plugins
