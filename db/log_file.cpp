#include "db/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace patchbay {
namespace {

constexpr size_t piece_bytes = 1024 * 1024;

struct File {
    int descriptor;
    ~File() {
        if (descriptor >= 0) close(descriptor);
    }
};

// 0, or errno.
int rewrite(int file) {
    std::vector<char> piece(piece_bytes);
    for (off_t at = 0;;) {
        const ssize_t count = pread(file, piece.data(), piece.size(), at);
        if (count == 0) break;
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        for (ssize_t done = 0; done < count;) {
            const auto rest = static_cast<size_t>(count - done);
            const ssize_t written = pwrite(file, piece.data() + done, rest, at + done);
            if (written < 0 && errno != EINTR) return errno;
            if (written > 0) done += written;
        }
        at += count;
    }
    return fsync(file) == 0 ? 0 : errno;
}

}  // namespace

Result<void> rewrite_log(const std::string& database_path) {
    const std::string path = database_path + "-wal";
    const File file{open(path.c_str(), O_RDWR | O_CLOEXEC)};
    const int reason = file.descriptor < 0 ? errno : rewrite(file.descriptor);
    if (reason == 0 || (file.descriptor < 0 && reason == ENOENT)) return {};
    return failure(ErrorCode::storage, database_path + " cannot be read or written (its log: " +
                                           std::strerror(reason) + "): look after the disk");
}

}  // namespace patchbay
