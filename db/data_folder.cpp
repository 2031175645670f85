#include "db/data_folder.hpp"

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

namespace patchbay {
namespace {

std::unexpected<Error> unusable(const std::string& path, int reason) {
    return failure(ErrorCode::storage, "the data folder " + path + " cannot be used (" +
                                           std::strerror(reason) +
                                           "): make it writable, or choose another store.data_dir");
}

Result<void> make_folder(const std::string& path) {
    const std::filesystem::path folder(path);
    std::error_code failed;
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), failed);
    if (mkdir(path.c_str(), 0700) == 0) return {};
    if (errno == EEXIST && std::filesystem::is_directory(folder, failed)) return {};
    return unusable(path, errno);
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
