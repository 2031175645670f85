#include "runtime/validate/growth.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PATCHBAY_OTHER_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PATCHBAY_OTHER_ALLOCATOR 1
#endif
#endif

namespace patchbay::validate {
namespace {

size_t entries_of(const char* folder) {
    std::error_code problem;
    size_t count = 0;
    for (auto entry = std::filesystem::directory_iterator(folder, problem);
         !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem))
        ++count;
    return count;
}

}  // namespace

size_t growth_of(const std::function<void()>& round, size_t (*measure)()) {
    constexpr int warm_up = 3;
    constexpr size_t rounds = 4;
    constexpr int windows = 5;
    for (int i = 0; i < warm_up; ++i) round();
    size_t least = SIZE_MAX;
    for (int window = 0; window < windows && least > 0; ++window) {
        const auto before = measure();
        for (size_t i = 0; i < rounds; ++i) round();
        const auto after = measure();
        least = std::min(least, after > before ? (after - before) / rounds : 0);
    }
    return least;
}

std::optional<size_t> bytes_in_use() {
#ifdef PATCHBAY_OTHER_ALLOCATOR
    return std::nullopt;
#else
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

bool has_thread_caches() {
    const char* tunables = std::getenv("GLIBC_TUNABLES");
    return !tunables || !std::string_view(tunables).ends_with(without_thread_caches);
}

size_t open_descriptors() { return entries_of("/proc/self/fd"); }

size_t threads() { return entries_of("/proc/self/task"); }

}  // namespace patchbay::validate
