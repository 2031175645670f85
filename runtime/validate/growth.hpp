// What a process has more of after each round of the same.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace patchbay::validate {

// How much each round adds to what `measure` counts, at least; 0 = some rounds add nothing. What is
// filled once, a cache or a pool, is full after the first rounds.
size_t growth_of(const std::function<void()>& round, size_t (*measure)());

// Bytes of the heap that are in use; nullopt under a sanitizer, whose allocator does not say.
std::optional<size_t> bytes_in_use();

// Of the C library's malloc(), as GLIBC_TUNABLES has it: each thread's cache counts as in use, and
// takes many rounds to fill up.
constexpr const char* without_thread_caches = "glibc.malloc.tcache_count=0";
bool has_thread_caches();

size_t open_descriptors();
size_t threads();

}  // namespace patchbay::validate
