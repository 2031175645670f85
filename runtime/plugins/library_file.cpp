#include "runtime/plugins/library_file.hpp"

#include "db/api_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;

constexpr off_t longest_library = off_t{1} << 30;  // bytes
constexpr size_t hash_letters = 64;

// Closes what it was given.
class File {
public:
    explicit File(int number) : number_(number) {}
    ~File() {
        if (number_ >= 0) ::close(number_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const { return number_; }

private:
    const int number_;
};

std::string reason() { return std::generic_category().message(errno); }

bool everybody_writes(mode_t mode) { return (mode & S_IWOTH) != 0; }

Result<void> check_folder(const fs::path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0)
        return failure(ErrorCode::not_found, folder.string() + ": " + reason());
    if (everybody_writes(status.st_mode) && (status.st_mode & S_ISVTX) == 0)
        return failure(ErrorCode::forbidden,
                       folder.string() + " may be written by everybody: chmod o-w it");
    return {};
}

Result<void> check_file(const fs::path& path, const struct stat& status) {
    if (!S_ISREG(status.st_mode))
        return failure(ErrorCode::bad_request, path.string() + " is not a file");
    if (everybody_writes(status.st_mode))
        return failure(ErrorCode::forbidden,
                       path.string() + " may be written by everybody: chmod o-w it");
    if (status.st_size > longest_library)
        return failure(ErrorCode::too_large, path.string() + " is longer than 1 GiB");
    return {};
}

Result<std::string> read_all(const File& file, size_t size, const fs::path& path) {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
        const auto count = ::read(file.get(), bytes.data() + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure(ErrorCode::storage, path.string() + ": " + reason());
        if (count == 0) break;  // somebody is writing it; what comes out is no library
        done += static_cast<size_t>(count);
    }
    bytes.resize(done);
    return bytes;
}

bool write_all(const File& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::write(file.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
}

Result<std::string> hexadecimal_sha256(std::string_view bytes) {
    const auto digest = sha256(bytes);
    if (!digest) return digest;
    std::string text;
    for (const unsigned char byte : *digest) text += fmt::format("{:02x}", byte);
    return text;
}

bool is_copy(const fs::path& path) {
    const auto stem = path.stem().string();
    return (path.extension() == ".so" || path.extension() == ".new") &&
           stem.size() == hash_letters && std::ranges::all_of(stem, [](unsigned char letter) {
               return std::isxdigit(letter) != 0;
           });
}

}  // namespace

Result<LibraryFile> read_library_file(const fs::path& path) {
    std::error_code problem;
    const auto real = fs::canonical(path, problem);
    if (problem) return failure(ErrorCode::not_found, path.string() + ": " + problem.message());
    // What is checked is what is read: the name may mean another file a moment later.
    const File file(::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
        return failure(ErrorCode::not_found, real.string() + ": " + reason());
    if (auto checked = check_file(real, status); !checked) return std::unexpected(checked.error());
    for (const auto& folder : {fs::absolute(path).parent_path(), real.parent_path()}) {
        if (auto checked = check_folder(folder); !checked) return std::unexpected(checked.error());
    }
    auto bytes = read_all(file, static_cast<size_t>(status.st_size), real);
    if (!bytes) return std::unexpected(bytes.error());
    auto hash = hexadecimal_sha256(*bytes);
    if (!hash) return std::unexpected(hash.error());
    return LibraryFile{.path = real, .bytes = std::move(*bytes), .sha256 = std::move(*hash)};
}

Result<fs::path> copy_library(const LibraryFile& file, const fs::path& folder) {
    const auto whole = fs::absolute(folder);
    if (::mkdir(whole.c_str(), 0700) != 0 && errno != EEXIST)
        return failure(ErrorCode::storage, whole.string() + ": " + reason());
    struct stat status {};
    if (::lstat(whole.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return failure(ErrorCode::forbidden,
                       whole.string() + " must be a folder that this server's user alone writes");
    const auto copy = whole / (file.sha256 + ".so");
    const auto begun = whole / (file.sha256 + ".new");
    const File target(
        ::open(begun.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (target.get() < 0 || !write_all(target, file.bytes) ||
        ::rename(begun.c_str(), copy.c_str()) != 0) {
        auto error = Error{.code = ErrorCode::storage, .message = begun.string() + ": " + reason()};
        ::unlink(begun.c_str());
        return std::unexpected(std::move(error));
    }
    return copy;
}

void remove_library_copies(const fs::path& folder) {
    std::error_code ignored;  // what cannot be removed stays, and takes place only
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (is_copy(entry.path())) fs::remove(entry.path(), ignored);
    }
}

}  // namespace patchbay::plugins
