// The bytes of a library file: read once, known by their hash, and copied to where nobody changes
// them.
//
// A library that is loaded lies mapped in memory: who overwrites its file in place changes the
// running code. So a server runs copies.
#pragma once

#include <patchbay/error.hpp>

#include <filesystem>
#include <string>

namespace patchbay::plugins {

struct LibraryFile {
    std::filesystem::path path;  // absolute, symbolic links resolved
    std::string bytes;
    std::string sha256;  // of the bytes, in hexadecimal
};

// Reads a library of up to 1 GiB. Refused: what is no file, and a file that everybody may write, or
// in such a folder, because whoever may replace the file, or the link to it, may run code here.
// [control]
Result<LibraryFile> read_library_file(const std::filesystem::path& path);

// Writes the bytes to <folder>/<sha256>.so, readable by this user alone; makes the folder (0700)
// when there is none. Returns the copy's path. [control]
Result<std::filesystem::path> copy_library(const LibraryFile& file,
                                           const std::filesystem::path& folder);

// Removes the copies that an earlier server has left in the folder. [control]
void remove_library_copies(const std::filesystem::path& folder);

}  // namespace patchbay::plugins
