#include "db/synced_path.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace patchbay {

int sync_path(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno;
    const int result = fsync(file) == 0 ? 0 : errno;
    close(file);
    return result;
}

int sync_folder_of(const std::string& path) {
    std::error_code ignored;
    const auto whole = std::filesystem::absolute(path, ignored);
    const auto named = whole.has_filename() ? whole : whole.parent_path();  // "data/" is "data"
    return sync_path(named.parent_path().string());
}

}  // namespace patchbay
