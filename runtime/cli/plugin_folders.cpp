#include "runtime/cli/plugin_folders.hpp"

#include <filesystem>

namespace patchbay::cli {

std::vector<std::string> plugin_folders(const config::Config& config) {
    namespace fs = std::filesystem;
    std::vector<std::string> folders;
    for (const auto& folder : config.plugin_path) folders.push_back(fs::absolute(folder).string());
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        const auto install = program.parent_path().parent_path();
        folders.push_back((install / "lib" / "patchbay" / "plugins").string());
    }
    return folders;
}

}  // namespace patchbay::cli
