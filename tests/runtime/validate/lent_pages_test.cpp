#include "runtime/validate/lent_pages.hpp"

#include "runtime/validate/last_words.hpp"

#include <patchbay/view.hpp>

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace patchbay::validate {
namespace {

// What a child that runs `body` leaves in its last words; nothing when it lives.
template <class Body>
std::optional<LastWords> last_words_of(Body body) {
    const int file = memfd_create("words", 0);
    if (ftruncate(file, sizeof(LastWords)) != 0) return std::nullopt;
    const pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);  // a sanitizer's report
        share_last_words(file);
        name_faults_in_lent_pages();
        body();
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    LastWords words{};
    const bool read = pread(file, &words, sizeof(words), 0) == sizeof(words);
    close(file);
    if (!read || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return std::nullopt;
    return words;
}

patchbay_str view(std::string_view text) { return view_of(text); }

TEST(LentPagesTest, ViewIsWhatWasLentWhileItsCallRuns) {
    LentMemory lent("open", true);

    const auto text = lent.text(view("Hello"), "greeting");

    EXPECT_EQ(text_of(text), "Hello");
    EXPECT_EQ(*lent.object(uint64_t{7}, "number"), 7u);
}

TEST(LentPagesTest, KeptViewIsNamed) {
    const auto words = last_words_of([] {
        patchbay_str kept = {};
        {
            LentMemory lent("open", true);
            kept = lent.text(view("Hello"), "greeting");
        }
        LentMemory another("resume", true);
        another.text(view("Other"), "other");
        volatile char first = kept.data[0];
        (void)first;
    });

    ASSERT_TRUE(words);
    EXPECT_STREQ(words->view, "greeting");
    EXPECT_STREQ(words->slot, "open");
    EXPECT_EQ(words->overread, 0u);
}

TEST(LentPagesTest, ReadingOnAndWritingAreNamed) {
    for (const bool writes : {false, true}) {
        const auto words = last_words_of([writes] {
            LentMemory lent("open", true);
            const auto text = lent.text(view("Hello"), "greeting");
            auto* bytes = const_cast<volatile char*>(text.data);
            if (writes) bytes[0] = 'J';
            volatile char behind = bytes[text.size];
            (void)behind;
        });

        ASSERT_TRUE(words);
        EXPECT_STREQ(words->view, "greeting");
        EXPECT_EQ(words->overread, 1u);
    }
}

TEST(LentPagesTest, UnguardedViewStays) {
    patchbay_str kept = {};
    {
        LentMemory lent("open", false);
        kept = lent.text(view("Hello"), "greeting");
    }

    EXPECT_EQ(text_of(kept), "Hello");
}

}  // namespace
}  // namespace patchbay::validate
