#include "db/backup.hpp"

#include "db/synced_path.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace patchbay {
namespace {

std::unexpected<Error> failed(const std::string& path, int reason) {
    if (reason == EEXIST) {
        return failure(ErrorCode::conflict, path + " exists: choose another name for the backup");
    }
    return failure(ErrorCode::storage,
                   "the backup " + path + " cannot be written: " + std::strerror(reason));
}

// Removes the unfinished copy on every way out.
struct Unfinished {
    std::string path;
    ~Unfinished() { unlink(path.c_str()); }
};

}  // namespace

Result<void> back_up(Database& source, const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return failed(path, EEXIST);
    const Unfinished copy{path + "." + std::to_string(getpid()) + ".partial"};

    // Made here, so that nobody else can read it; VACUUM INTO takes an empty file.
    const int file = open(copy.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return failed(path, errno);
    close(file);
    if (auto copied = source.run("VACUUM INTO ?1", copy.path); !copied) {
        Error error = copied.error();
        error.message = "the backup " + path + " failed: " + error.message;
        return std::unexpected(error);
    }
    if (const int reason = sync_path(copy.path)) return failed(path, reason);
    // A link never replaces a file, as a rename would.
    if (link(copy.path.c_str(), path.c_str()) != 0) return failed(path, errno);
    if (const int reason = sync_folder_of(path)) {
        unlink(path.c_str());
        return failed(path, reason);
    }
    return {};
}

}  // namespace patchbay
