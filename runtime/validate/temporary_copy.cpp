#include "runtime/validate/temporary_copy.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace patchbay::validate {

namespace fs = std::filesystem;

TemporaryCopy::TemporaryCopy(const std::string& original) {
    std::error_code problem;
    folder_ = (fs::temp_directory_path(problem) / "patchbay-validate-XXXXXX").string();
    if (problem || !mkdtemp(folder_.data())) return;
    path_ = (fs::path(folder_) / fs::path(original).filename()).string();
    fs::copy_file(original, path_, problem);
    fs::permissions(path_, fs::perms::owner_all, problem);
}

TemporaryCopy::~TemporaryCopy() {
    std::error_code ignored;  // a folder that stays behind harms nobody
    if (!path_.empty()) fs::remove_all(folder_, ignored);
}

Result<void> TemporaryCopy::patch(uint64_t offset, const void* bytes, size_t size) const {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
    file.flush();
    if (!file) return failure(ErrorCode::storage, path_ + " cannot be written");
    return {};
}

}  // namespace patchbay::validate
