// What the ELF file of a shared library says of itself, read without loading it.
#pragma once

#include <patchbay/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::validate {

struct ElfSymbol {
    std::string name;
    bool defined = false;
    bool weak = false;
    bool unique = false;   // STB_GNU_UNIQUE: the library can never be unloaded
    bool visible = false;  // to other libraries
    uint64_t address = 0;  // 0 = undefined
};

struct ElfFile {
    std::vector<ElfSymbol> symbols;     // dynamic ones
    std::vector<std::string> needed;    // DT_NEEDED
    std::vector<std::string> run_path;  // DT_RPATH and DT_RUNPATH, apart
    bool text_relocations = false;
    bool executable_stack = false;  // also when the file does not say

    struct Segment {
        uint64_t address, offset, size;
    };
    std::vector<Segment> segments;  // loaded from the file

    // Where the byte at `address` lies in the file. out_of_range: in none of its segments.
    Result<uint64_t> offset_of(uint64_t address) const;
};

// bad_request: no 64-bit little-endian shared library, or a broken one. not_found: not readable.
Result<ElfFile> read_elf(const std::string& path);
Result<ElfFile> parse_elf(std::string_view bytes);

}  // namespace patchbay::validate
