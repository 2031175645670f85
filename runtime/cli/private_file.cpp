#include "runtime/cli/private_file.hpp"

#include "db/synced_path.hpp"
#include "runtime/net/event_loop.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

namespace patchbay::cli {
namespace {

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(file, text.data(), text.size());
        if (count <= 0) return false;
        text.remove_prefix(static_cast<size_t>(count));
    }
    return true;
}

bool write_synced(const std::string& path, const std::string& text) {
    const net::FileDescriptor file(
        ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    return file && ::fchmod(file.get(), 0600) == 0 && write_all(file.get(), text) &&
           ::fsync(file.get()) == 0;
}

}  // namespace

Result<void> write_private_file(const std::string& path, const std::string& text) {
    const auto begun = path + ".new";
    const bool written = write_synced(begun, text) &&
                         std::rename(begun.c_str(), path.c_str()) == 0 && sync_folder_of(path) == 0;
    if (written) return {};
    ::unlink(begun.c_str());
    return failure(ErrorCode::storage,
                   "Cannot write " + path + "; check the data folder's rights and its disk.");
}

}  // namespace patchbay::cli
