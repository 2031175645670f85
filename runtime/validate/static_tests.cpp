// Tests of the file alone: nothing of it runs, but for the libraries that it needs.
#include "runtime/validate/elf_file.hpp"
#include "runtime/validate/test_case.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <algorithm>
#include <array>

namespace patchbay::validate {
namespace {

constexpr std::string_view entry = "patchbay_plugin_entry";

// The first few, for a sentence.
std::string list_of(std::vector<std::string> names) {
    constexpr size_t shown = 5;
    const auto more = names.size() > shown ? names.size() - shown : 0;
    names.resize(names.size() - more);
    return fmt::format("{}{}", fmt::join(names, ", "),
                       more ? fmt::format(" and {} more", more) : "");
}

template <class Check>
Verdict with_file(const Subject& subject, Check check) {
    const auto file = read_elf(subject.path);
    return file ? check(*file) : failed(file.error().message);
}

bool is_of_a_sanitizer(std::string_view name) {
    constexpr std::array<std::string_view, 7> prefixes = {
        "__asan_", "__odr_asan", "__tsan_", "__ubsan_", "__lsan_", "__sanitizer_", "__sancov"};
    return std::ranges::any_of(prefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

Verdict exports(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        std::vector<std::string> others;
        bool found = false;
        for (const auto& symbol : file.symbols) {
            if (!symbol.defined || !symbol.visible || symbol.name.empty()) continue;
            if (is_of_a_sanitizer(symbol.name)) continue;
            if (symbol.name == entry)
                found = true;
            else
                others.push_back(symbol.name);
        }
        if (!found) return failed(fmt::format("it exports no {}", entry));
        if (others.empty()) return passed();
        return failed(fmt::format("it also exports {}", list_of(others)));
    });
}

Verdict unique_symbols(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        std::vector<std::string> names;
        for (const auto& symbol : file.symbols)
            if (symbol.unique && symbol.defined) names.push_back(symbol.name);
        return names.empty() ? passed() : failed("STB_GNU_UNIQUE: " + list_of(names));
    });
}

// What is needed by name, and what every process has.
std::vector<std::string> sources_of(const ElfFile& file) {
    std::vector<std::string> names = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"};
    std::ranges::copy(file.needed, std::back_inserter(names));
    return names;
}

Verdict undefined_symbols(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        std::vector<void*> libraries;
        for (const auto& name : sources_of(file)) {
            void* library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
            const bool named = std::ranges::find(file.needed, name) != file.needed.end();
            if (!library && named && file.run_path.empty())
                return failed(fmt::format("{} is needed and is not here: {}", name, dlerror()));
            if (library) libraries.push_back(library);
        }
        std::vector<std::string> missing;
        for (const auto& symbol : file.symbols) {
            if (symbol.defined || symbol.weak || symbol.name.empty()) continue;
            const bool found = std::ranges::any_of(
                libraries, [&](void* library) { return dlsym(library, symbol.name.c_str()); });
            const bool of_sanitizer =
                is_of_a_sanitizer(symbol.name) && dlsym(RTLD_DEFAULT, symbol.name.c_str());
            if (!found && !of_sanitizer) missing.push_back(symbol.name);
        }
        if (missing.empty()) return passed();
        return failed("nothing that it needs brings " + list_of(missing));
    });
}

// "libPocoNet.so.80" → "libPocoNet"
std::string_view stem_of(std::string_view name) { return name.substr(0, name.find(".so")); }

// Libraries whose C interface keeps its word, and what every program is made of: two may share
// them. Of all others that the host needs a plugin would get the host's version, whatever it was
// built for.
bool may_be_shared(std::string_view name) {
    constexpr std::array<std::string_view, 17> names = {
        "libc",       "libm",     "libdl",   "libpthread", "librt",  "libstdc++",
        "libgcc_s",   "ld-linux", "libssl",  "libcrypto",  "libz",   "libcurl",
        "libsqlite3", "libasan",  "libtsan", "libubsan",   "liblsan"};
    const auto stem = stem_of(name);
    return std::ranges::any_of(names, [&](auto known) {
        return stem == known || (known == "ld-linux" && stem.starts_with(known));
    });
}

// DT_NEEDED of this program, as it lies in memory.
std::vector<std::string> needed_by_host() {
    const link_map* map = nullptr;
    void* self = dlopen(nullptr, RTLD_LAZY);
    if (!self || dlinfo(self, RTLD_DI_LINKMAP, &map) != 0) return {};
    const char* texts = nullptr;
    for (const auto* field = map->l_ld; field->d_tag != DT_NULL; ++field)
        if (field->d_tag == DT_STRTAB) texts = reinterpret_cast<const char*>(field->d_un.d_ptr);
    std::vector<std::string> names;
    for (const auto* field = map->l_ld; texts && field->d_tag != DT_NULL; ++field)
        if (field->d_tag == DT_NEEDED) names.emplace_back(texts + field->d_un.d_val);
    return names;
}

// What this program needs, and no plugin may.
const std::vector<std::string>& libraries_of_host() {
    static const auto libraries = [] {
        auto host = needed_by_host();
        std::erase_if(host, &may_be_shared);
        return host;
    }();
    return libraries;
}

Verdict dependencies(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        for (const auto& name : file.needed) {
            if (name.find('/') != name.npos)
                return failed(
                    "it needs a library by a path: " + name,
                    "Link to the library by its name: -lNAME, not a path without soname.");
            const bool of_host =
                !may_be_shared(name) &&
                std::ranges::any_of(libraries_of_host(), [&](const std::string& library) {
                    return stem_of(library) == stem_of(name);
                });
            if (of_host)
                return failed(
                    fmt::format("it needs {}, which the host brings in a version of its own", name),
                    "Link to it statically, with hidden symbols, or do without.");
            if (name.find("patchbay") != name.npos) return failed("it needs " + name);
        }
        return passed();
    });
}

Verdict text_relocations(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        return file.text_relocations ? failed("it has text relocations") : passed();
    });
}

Verdict search_path(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        for (const auto& path : file.run_path) {
            const std::string_view rest = path;
            if (rest.starts_with("$ORIGIN") || rest.starts_with("${ORIGIN}")) continue;
            return failed(fmt::format("it looks for libraries in \"{}\"", path));
        }
        return passed();
    });
}

Verdict stack(const Subject& subject) {
    return with_file(subject, [](const ElfFile& file) {
        return file.executable_stack ? failed("its stack would be executable") : passed();
    });
}

constexpr std::array<TestCase, 7> tests = {{
    {"static.exports", "It exports patchbay_plugin_entry and nothing else",
     "Build with -fvisibility=hidden and a version script, as patchbay_add_plugin() does.",
     &exports},
    {"static.unique_symbols", "No symbol of it is shared with other libraries",
     "Build with -fno-gnu-unique: else two plugins may share one template's static data.",
     &unique_symbols},
    {"static.undefined_symbols", "The libraries that it needs bring all that it uses",
     "Link to what is used (-Wl,-z,defs finds it): a plugin gets nothing from the host's program.",
     &undefined_symbols},
    {"static.dependencies", "It needs nothing of the host",
     "Take everything from the patchbay_host that create() gets.", &dependencies},
    {"static.text_relocations", "Its code needs no relocation", "Compile all of it with -fPIC.",
     &text_relocations},
    {"static.search_path", "It looks for libraries beside itself at most",
     "Drop -rpath, or begin it with $ORIGIN: a path of the machine that built it is of no use.",
     &search_path},
    {"static.stack", "Its stack is not executable",
     "Link with -Wl,-z,noexecstack, and mark assembly with .note.GNU-stack.", &stack},
}};

}  // namespace

std::span<const TestCase> static_tests() { return tests; }

}  // namespace patchbay::validate
