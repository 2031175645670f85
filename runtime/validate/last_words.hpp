// What a child leaves behind, however it dies: a page that it shares with its parent.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace patchbay::validate {

// Written by the child, read by the parent after the child's end. Texts end with a NUL.
struct LastWords {
    char plugin[128];  // its id, once it is loaded
    char version[64];
    char slot[64];      // the plugin's function that runs, "provider.open"; "" = none
    char scene[128];    // what the test was playing
    char view[128];     // the view that was touched when it was not lent any more; "" = none
    uint32_t overread;  // 1: it was lent, but read beyond its end, or written to

    // How long the plugin's jobs have run, those that have ended. They may block, and no limit of a
    // test is about them.
    alignas(8) uint64_t job_ms;
};

static_assert(std::atomic_ref<uint64_t>::is_always_lock_free, "two processes share it");

inline std::chrono::milliseconds job_time(LastWords& words) {
    return std::chrono::milliseconds(std::atomic_ref(words.job_ms).load());
}

// The page of this process. Until share() it is private. Never freed.
LastWords& last_words();

// Maps the page that the parent handed down as a file descriptor. False when that is not possible.
bool share_last_words(int descriptor);

// Copies as much of `text` as fits.
template <size_t Size>
void note(char (&place)[Size], const char* text) {
    size_t i = 0;
    for (; i + 1 < Size && text[i]; ++i) place[i] = text[i];
    place[i] = '\0';
}

}  // namespace patchbay::validate
