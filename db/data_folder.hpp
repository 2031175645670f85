// The folder that holds the database, and the lock that keeps a second server out of it.
#pragma once

#include <patchbay/error.hpp>

#include <string>

namespace patchbay {

class DataFolder {
public:
    // Makes the folder (0700) where it is missing, and locks it until the destructor. `storage`,
    // with a sentence that says what to do, when it cannot be used or another server has it.
    static Result<DataFolder> lock(const std::string& path);

    DataFolder(DataFolder&& other) noexcept;
    DataFolder& operator=(DataFolder&&) = delete;
    ~DataFolder();

private:
    explicit DataFolder(int lock_file) : lock_file_(lock_file) {}
    int lock_file_;
};

// 80 % of the disk that `path` is on.
uint64_t default_max_bytes(const std::string& path);

}  // namespace patchbay
