#include "runtime/validate/elf_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>

namespace patchbay::validate {
namespace {

// Reads structures out of bytes that may lie about themselves.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

    template <class T>
    std::optional<T> at(uint64_t offset) const {
        static_assert(std::is_trivially_copyable_v<T>);
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof(T));
        return value;
    }

    // The text at `offset`, up to its NUL.
    std::string text(uint64_t offset) const {
        if (offset >= bytes_.size()) return {};
        const auto rest = bytes_.substr(offset);
        return std::string(rest.substr(0, rest.find('\0')));
    }

private:
    std::string_view bytes_;
};

struct DynamicTable {
    uint64_t strings = 0;  // addresses
    uint64_t symbols = 0;
    uint64_t gnu_hash = 0;
    uint64_t hash = 0;
    std::vector<uint64_t> needed;  // offsets into strings
    std::vector<uint64_t> run_paths;
};

void read_dynamic(const Bytes& bytes, const Elf64_Phdr& header, ElfFile& file,
                  DynamicTable& table) {
    for (uint64_t at = header.p_offset; at + sizeof(Elf64_Dyn) <= header.p_offset + header.p_filesz;
         at += sizeof(Elf64_Dyn)) {
        const auto entry = bytes.at<Elf64_Dyn>(at);
        if (!entry || entry->d_tag == DT_NULL) return;
        const uint64_t value = entry->d_un.d_val;
        switch (entry->d_tag) {
            case DT_STRTAB: table.strings = value; break;
            case DT_SYMTAB: table.symbols = value; break;
            case DT_GNU_HASH: table.gnu_hash = value; break;
            case DT_HASH: table.hash = value; break;
            case DT_NEEDED: table.needed.push_back(value); break;
            case DT_RPATH:
            case DT_RUNPATH: table.run_paths.push_back(value); break;
            case DT_TEXTREL: file.text_relocations = true; break;
            case DT_FLAGS: file.text_relocations |= (value & DF_TEXTREL) != 0; break;
            default: break;
        }
    }
}

// ELF does not say how many dynamic symbols there are; its hash tables do.
uint64_t count_by_gnu_hash(const Bytes& bytes, uint64_t offset) {
    struct Header {
        uint32_t buckets, first, bloom, shift;
    };
    const auto header = bytes.at<Header>(offset);
    if (!header) return 0;
    const uint64_t buckets = offset + sizeof(Header) + uint64_t{header->bloom} * 8;
    const uint64_t chains = buckets + uint64_t{header->buckets} * 4;
    uint64_t last = 0;
    for (uint64_t i = 0; i < header->buckets; ++i) {
        const auto start = bytes.at<uint32_t>(buckets + i * 4);
        if (!start) return 0;
        last = std::max<uint64_t>(last, *start);
    }
    if (last < header->first) return header->first;  // nothing is exported
    for (;; ++last) {
        const auto chain = bytes.at<uint32_t>(chains + (last - header->first) * 4);
        if (!chain) return 0;
        if (*chain & 1) return last + 1;
    }
}

uint64_t count_symbols(const Bytes& bytes, const ElfFile& file, const DynamicTable& table) {
    if (table.hash) {
        const auto offset = file.offset_of(table.hash);
        const auto count = offset ? bytes.at<uint32_t>(*offset + 4) : std::nullopt;
        return count.value_or(0);
    }
    const auto offset = file.offset_of(table.gnu_hash);
    return offset ? count_by_gnu_hash(bytes, *offset) : 0;
}

Result<void> read_symbols(const Bytes& bytes, const DynamicTable& table, ElfFile& file) {
    const auto strings = file.offset_of(table.strings);
    const auto symbols = file.offset_of(table.symbols);
    if (!strings || !symbols)
        return failure(ErrorCode::bad_request, "its dynamic table points outside of the file");
    for (const auto at : table.needed) file.needed.push_back(bytes.text(*strings + at));
    for (const auto at : table.run_paths) {
        std::string_view rest;
        const auto paths = bytes.text(*strings + at);
        for (rest = paths; !rest.empty();) {
            const auto end = std::min(rest.find(':'), rest.size());
            file.run_path.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    const auto count = count_symbols(bytes, file, table);
    for (uint64_t i = 1; i < count; ++i) {
        const auto symbol = bytes.at<Elf64_Sym>(*symbols + i * sizeof(Elf64_Sym));
        if (!symbol) return failure(ErrorCode::bad_request, "its symbols reach beyond the file");
        const auto binding = ELF64_ST_BIND(symbol->st_info);
        const auto visibility = ELF64_ST_VISIBILITY(symbol->st_other);
        file.symbols.push_back({.name = bytes.text(*strings + symbol->st_name),
                                .defined = symbol->st_shndx != SHN_UNDEF,
                                .weak = binding == STB_WEAK,
                                .unique = binding == STB_GNU_UNIQUE,
                                .visible = binding != STB_LOCAL && visibility != STV_HIDDEN &&
                                           visibility != STV_INTERNAL,
                                .address = symbol->st_value});
    }
    return {};
}

Result<Elf64_Ehdr> read_header(const Bytes& bytes) {
    const auto header = bytes.at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return failure(ErrorCode::bad_request, "it is no ELF file");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
        return failure(ErrorCode::bad_request,
                       "it is not built for a 64-bit little-endian machine");
    if (header->e_type != ET_DYN) return failure(ErrorCode::bad_request, "it is no shared library");
    return *header;
}

}  // namespace

Result<uint64_t> ElfFile::offset_of(uint64_t address) const {
    for (const auto& segment : segments)
        if (address >= segment.address && address - segment.address < segment.size)
            return segment.offset + (address - segment.address);
    return failure(ErrorCode::out_of_range,
                   fmt::format("address {:#x} is not in the file", address));
}

Result<ElfFile> parse_elf(std::string_view content) {
    const Bytes bytes(content);
    const auto header = read_header(bytes);
    if (!header) return std::unexpected(header.error());

    ElfFile file;
    file.executable_stack = true;  // what the kernel takes it for when nothing is said
    std::optional<Elf64_Phdr> dynamic;
    for (uint64_t i = 0; i < header->e_phnum; ++i) {
        const auto segment = bytes.at<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
        if (!segment) return failure(ErrorCode::bad_request, "its segments reach beyond the file");
        if (segment->p_type == PT_LOAD)
            file.segments.push_back({segment->p_vaddr, segment->p_offset, segment->p_filesz});
        if (segment->p_type == PT_DYNAMIC) dynamic = *segment;
        if (segment->p_type == PT_GNU_STACK) file.executable_stack = (segment->p_flags & PF_X) != 0;
    }
    if (!dynamic) return failure(ErrorCode::bad_request, "it is no shared library");
    DynamicTable table;
    read_dynamic(bytes, *dynamic, file, table);
    if (auto read = read_symbols(bytes, table, file); !read) return std::unexpected(read.error());
    return file;
}

Result<ElfFile> read_elf(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return failure(ErrorCode::not_found, path + " cannot be read");
    const std::string content{std::istreambuf_iterator<char>(stream), {}};
    return parse_elf(content);
}

}  // namespace patchbay::validate
