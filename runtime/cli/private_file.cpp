#include "runtime/cli/private_file.hpp"

#include "db/synced_path.hpp"
#include "runtime/net/event_loop.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
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

bool copy(const std::string& from, const std::string& to) {
    std::ifstream file(from, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return file.is_open() && !file.bad() && write_synced(to, text);
}

enum class Kept { nothing, former, failed };

// Under another name what is at `path` stays there while it is replaced. Some file systems give a
// file one name only, or no more than it has: there it is a copy.
Kept keep(const std::string& path, const std::string& former) {
    ::unlink(former.c_str());
    if (::link(path.c_str(), former.c_str()) == 0) return Kept::former;
    if (errno == ENOENT) return Kept::nothing;
    const bool has_one_name = errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK;
    return has_one_name && copy(path, former) ? Kept::former : Kept::failed;
}

// Puts `begun` in the place of `path`. When that is not surely on disk, what was there comes back:
// who is told that nothing was written must not find it there at the next start.
bool put_in_place(const std::string& begun, const std::string& path) {
    const auto former = path + ".old";
    const auto kept = keep(path, former);
    if (kept == Kept::failed || std::rename(begun.c_str(), path.c_str()) != 0) {
        ::unlink(former.c_str());
        return false;
    }
    if (sync_folder_of(path) == 0) {
        ::unlink(former.c_str());
        return true;
    }
    if (kept == Kept::former)
        (void)std::rename(former.c_str(), path.c_str());
    else
        ::unlink(path.c_str());
    return false;
}

}  // namespace

Result<void> write_private_file(const std::string& path, const std::string& text) {
    const auto begun = path + ".new";
    if (write_synced(begun, text) && put_in_place(begun, path)) return {};
    ::unlink(begun.c_str());
    return failure(ErrorCode::storage,
                   "Cannot write " + path + "; check the data folder's rights and its disk.");
}

}  // namespace patchbay::cli
