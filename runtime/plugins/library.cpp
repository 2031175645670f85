#include "runtime/plugins/library.hpp"

#include "runtime/config/near_name.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/library_file.hpp"

#include <boost/dll/shared_library.hpp>

#include <dlfcn.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

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
        std::error_code failed;  // a folder that is not there, or cannot be read, has no candidates
        for (fs::directory_iterator file(folder, failed), end; !failed && file != end;
             file.increment(failed)) {
            const auto candidate = file->path().stem().string();
            if (file->path().extension() != suffix || !is_near(name, candidate)) continue;
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

// What the table says besides these two may lie anywhere, when they are others.
Result<void> check_abi(const fs::path& path, const patchbay_plugin& entry) {
    if (entry.abi != PATCHBAY_ABI_MAJOR)
        return failure(ErrorCode::unsupported,
                       fmt::format("{} was built for ABI {}, this host speaks ABI {}: rebuild it",
                                   path.string(), entry.abi, PATCHBAY_ABI_MAJOR));
    if (entry.draft != PATCHBAY_ABI_DRAFT)
        return failure(ErrorCode::unsupported,
                       fmt::format("{} was built for draft {} of ABI {}, this host speaks draft "
                                   "{}: rebuild it",
                                   path.string(), entry.draft, entry.abi, PATCHBAY_ABI_DRAFT));
    return {};
}

Result<void> check_entry(const fs::path& path, const patchbay_plugin& entry) {
    if (auto spoken = check_abi(path, entry); !spoken) return spoken;
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
    for (const auto& [name, text] : {std::pair{"id", entry.id}, {"version", entry.version}}) {
        if (!is_utf8(text))
            return failure(
                ErrorCode::bad_request,
                fmt::format("{}: patchbay_plugin_entry.{} is not UTF-8", path.string(), name));
    }
    return {};
}

// Libraries for ever: C++ and Rust thread-locals pin a library anyway, while dlclose() reports
// success, and Boost.DLL closes what it destroys.
struct Loaded {
    std::mutex mutex;
    std::map<std::string, boost::dll::shared_library> libraries;  // by the hash of their content
    std::set<fs::path> in_place;  // the loader knows these names: it never opens them again
};

Loaded& loaded() {
    static auto* const libraries = new Loaded;
    return *libraries;
}

Result<void> open(const fs::path& path, boost::dll::shared_library& library) {
    const auto mode = boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local;
    boost::dll::fs::error_code failed;
    library.load(path.string(), mode, failed);
    if (!failed) return {};
    const char* why = dlerror();
    return failure(ErrorCode::unavailable, why ? why : path.string() + ": not loaded");
}

Result<void> open_copy(const LibraryFile& file, const std::string& folder,
                       boost::dll::shared_library& library) {
    const auto copy = copy_library(file, folder);
    if (!copy) return std::unexpected(copy.error());
    return open(*copy, library);
}

// A copy, or the file itself where a copy cannot be: on a full or noexec disk, or when it finds
// other libraries from where it lies.
Result<void> open_somewhere(const LibraryFile& file, const std::string& copies, Loaded& loaded,
                            boost::dll::shared_library& library) {
    Result<void> copied = failure(ErrorCode::unavailable, "no folder for copies");
    if (!copies.empty()) copied = open_copy(file, copies, library);
    if (!copies.empty() && copied) return {};
    if (loaded.in_place.contains(file.path))
        return failure(ErrorCode::unavailable,
                       fmt::format("{} has changed, and what it was is loaded: restart the server "
                                   "({})",
                                   file.path.string(), copied.error().message));
    if (auto opened = open(file.path, library); !opened) return opened;
    loaded.in_place.insert(file.path);
    if (!copies.empty())
        spdlog::warn("{} is loaded where it lies; do not overwrite it: {}", file.path.string(),
                     copied.error().message);
    return {};
}

}  // namespace

Result<fs::path> find_library(const std::string& name, const std::vector<std::string>& folders) {
    if (name.empty()) return failure(ErrorCode::bad_request, "the library has no name");
    if (fs::path(name).is_absolute()) {
        std::error_code failed;
        if (fs::exists(name, failed)) return fs::path(name);
        if (failed) return failure(ErrorCode::not_found, name + ": " + failed.message());
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

Result<Library> load_library(const fs::path& path, const std::string& copies) {
    const auto file = read_library_file(path);
    if (!file) return std::unexpected(file.error());

    const std::lock_guard lock(loaded().mutex);
    auto& library = loaded().libraries[file->sha256];
    if (!library.is_loaded()) {
        if (auto opened = open_somewhere(*file, copies, loaded(), library); !opened)
            return std::unexpected(opened.error());
    }
    if (!library.has("patchbay_plugin_entry"))
        return failure(ErrorCode::bad_request, file->path.string() +
                                                   " is no plugin: it exports no "
                                                   "patchbay_plugin_entry");
    const auto& entry = library.get<const patchbay_plugin>("patchbay_plugin_entry");
    if (auto checked = check_entry(file->path, entry); !checked)
        return std::unexpected(checked.error());
    return Library{.path = file->path, .sha256 = file->sha256, .entry = &entry};
}

}  // namespace patchbay::plugins
