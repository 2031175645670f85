#include "runtime/validate/elf_file.hpp"

#include <patchbay/abi/base.h>

#include <gtest/gtest.h>

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace patchbay::validate {
namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

bool exports(const ElfFile& file, std::string_view name) {
    return std::ranges::any_of(file.symbols, [&](const ElfSymbol& symbol) {
        return symbol.name == name && symbol.defined && symbol.visible;
    });
}

TEST(ElfFileTest, PluginExportsItsTableAndNeedsTheCLibrary) {
    const auto file = read_elf(FAULTLESS_PLUGIN);

    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(exports(*file, "patchbay_plugin_entry"));
    EXPECT_FALSE(exports(*file, "emit"));
    // A sanitizer's library has the C library's functions, too.
    EXPECT_TRUE(std::ranges::any_of(file->needed, [](const auto& name) {
        return name.starts_with("libc.so") || name.find("san.so") != name.npos;
    }));
    EXPECT_TRUE(std::ranges::any_of(file->symbols, [](const ElfSymbol& symbol) {
        return symbol.name == "calloc" && !symbol.defined;
    }));
    EXPECT_FALSE(file->text_relocations);
    EXPECT_FALSE(file->executable_stack);
}

TEST(ElfFileTest, SymbolsAddressIsAPlaceInTheFile) {
    const auto bytes = bytes_of(FAULTLESS_PLUGIN);
    const auto file = parse_elf(bytes);
    ASSERT_TRUE(file);
    const auto entry = std::ranges::find(file->symbols, "patchbay_plugin_entry", &ElfSymbol::name);

    const auto offset = file->offset_of(entry->address);

    ASSERT_TRUE(offset);
    EXPECT_LT(*offset, bytes.size());
    const uint32_t numbers[] = {PATCHBAY_ABI_MAJOR, PATCHBAY_ABI_DRAFT};
    EXPECT_EQ(std::memcmp(bytes.data() + *offset, numbers, sizeof(numbers)), 0);
    EXPECT_FALSE(file->offset_of(~uint64_t{0}));
}

TEST(ElfFileTest, StackThatTheFileSaysNothingAboutIsExecutable) {
    auto bytes = bytes_of(FAULTLESS_PLUGIN);
    auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
    auto* segments = reinterpret_cast<Elf64_Phdr*>(bytes.data() + header->e_phoff);
    for (int i = 0; i < header->e_phnum; ++i)
        if (segments[i].p_type == PT_GNU_STACK) segments[i].p_type = PT_NULL;

    const auto file = parse_elf(bytes);

    ASSERT_TRUE(file);
    EXPECT_TRUE(file->executable_stack);
}

TEST(ElfFileTest, WhatIsNoSharedLibraryIsRefused) {
    auto relocatable = bytes_of(FAULTLESS_PLUGIN);
    reinterpret_cast<Elf64_Ehdr*>(relocatable.data())->e_type = ET_REL;

    for (const std::string& bytes : {std::string(), std::string("#!/bin/sh\n"), relocatable}) {
        const auto file = parse_elf(bytes);

        ASSERT_FALSE(file);
        EXPECT_EQ(file.error().code, ErrorCode::bad_request);
    }
    EXPECT_EQ(read_elf("/none").error().code, ErrorCode::not_found);
}

// Under AddressSanitizer a read beyond the bytes is a failure.
TEST(ElfFileTest, CutAndDamagedFilesAreReadWithoutHarm) {
    const auto whole = bytes_of(FAULTLESS_PLUGIN);
    for (size_t size = 0; size < whole.size(); size += 97)
        (void)parse_elf(std::string_view(std::string(whole, 0, size)));
    uint64_t state = 1;
    for (int round = 0; round < 2000; ++round) {
        auto damaged = whole.substr(0, 4096);
        for (int i = 0; i < 8; ++i) {
            state = state * 6364136223846793005 + 1442695040888963407;
            damaged[(state >> 33) % damaged.size()] = static_cast<char>(state >> 25);
        }
        (void)parse_elf(damaged);
    }
    EXPECT_FALSE(parse_elf(std::string_view(whole).substr(0, 63)));  // less than a header
    EXPECT_TRUE(parse_elf(whole));
}

}  // namespace
}  // namespace patchbay::validate
