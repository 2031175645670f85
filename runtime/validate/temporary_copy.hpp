// A copy of a library, beside the original, for as long as a test needs it.
#pragma once

#include <patchbay/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace patchbay::validate {

class TemporaryCopy {
public:
    // In a fresh folder of the system's folder for temporary files. Where that fails, path() names
    // a file that does not exist.
    explicit TemporaryCopy(const std::string& original);
    ~TemporaryCopy();  // removes the folder
    TemporaryCopy(const TemporaryCopy&) = delete;
    TemporaryCopy& operator=(const TemporaryCopy&) = delete;

    const std::string& path() const { return path_; }

    // Writes over the bytes at `offset`.
    Result<void> patch(uint64_t offset, const void* bytes, size_t size) const;

private:
    std::string folder_;
    std::string path_;
};

}  // namespace patchbay::validate
