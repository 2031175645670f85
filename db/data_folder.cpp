#include "db/data_folder.hpp"

#include "db/synced_path.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

namespace patchbay {
namespace {

const char* advice_for(int reason) {
    switch (reason) {
        case ENOSPC:
        case EDQUOT: return "free some space";
        case EIO: return "look after the disk";
        case EMFILE:
        case ENFILE: return "raise the limit of open files";
        default: return "make it writable";
    }
}

std::unexpected<Error> unusable(const std::string& path, int reason) {
    return failure(ErrorCode::storage, "the data folder " + path + " cannot be used (" +
                                           std::strerror(reason) + "): " + advice_for(reason) +
                                           ", or choose another store.data_dir");
}

// The folders that are to be made for `path`, the outermost first.
std::vector<std::filesystem::path> missing_folders(std::filesystem::path path) {
    std::vector<std::filesystem::path> missing;
    std::error_code failed;
    while (!path.empty() && path != path.root_path() && !std::filesystem::exists(path, failed)) {
        missing.insert(missing.begin(), path);
        path = path.parent_path();
    }
    return missing;
}

// Each new one is synced in the folder around it: else a power cut could take it away, and the
// database along.
Result<void> make_folder(const std::string& path) {
    std::error_code failed;
    const auto whole = std::filesystem::absolute(path, failed);
    const auto innermost = whole.has_filename() ? whole : whole.parent_path();
    for (const auto& folder : missing_folders(innermost)) {
        const mode_t rights = folder == innermost ? 0700 : 0777;
        if (mkdir(folder.c_str(), rights) != 0 && errno != EEXIST) return unusable(path, errno);
        if (const int reason = sync_folder_of(folder)) return unusable(path, reason);
    }
    if (!std::filesystem::is_directory(whole, failed))
        return unusable(path, failed ? failed.value() : ENOTDIR);
    // One that somebody else has made, or a start that was killed, may not be on the disk yet. Not
    // every file system syncs every folder.
    if (sync_folder_of(innermost) == EIO) return unusable(path, EIO);
    return {};
}

std::string holder_of(int lock_file) {
    char text[32] = {};
    const ssize_t size = pread(lock_file, text, sizeof text - 1, 0);
    return size > 0 ? std::string(text, std::strcspn(text, "\n")) : "unknown";
}

}  // namespace

Result<DataFolder> DataFolder::lock(const std::string& path) {
    if (auto made = make_folder(path); !made) return std::unexpected(made.error());
    const std::string name = path + "/lock";
    const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return unusable(path, errno);
    DataFolder folder(file);
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return unusable(path, errno);
        return failure(ErrorCode::storage,
                       "the data folder " + path + " is in use by another server (process " +
                           holder_of(file) + "): stop it first, or choose another store.data_dir");
    }
    const std::string pid = std::to_string(getpid()) + "\n";
    if (ftruncate(file, 0) != 0 ||
        pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return unusable(path, errno);
    }
    return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : lock_file_(std::exchange(other.lock_file_, -1)) {}

DataFolder::~DataFolder() {
    if (lock_file_ >= 0) close(lock_file_);  // and with it the lock
}

uint64_t default_max_bytes(const std::string& path) {
    struct statvfs disk = {};
    if (statvfs(path.c_str(), &disk) != 0) return std::numeric_limits<uint64_t>::max();
    return static_cast<uint64_t>(disk.f_blocks) * disk.f_frsize / 10 * 8;
}

}  // namespace patchbay
