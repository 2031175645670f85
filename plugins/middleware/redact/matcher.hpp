// Finds and replaces in a text that comes in pieces: the leftmost match, and of those the longest.
//
// Holds back what may yet become part of a match, and nothing else: of most texts not a byte.
//
// Threads    not shared.
// Cost       time grows with the length of the text, whatever it says: no backtracking, and what
//            is behind a match is looked at anew eight times at most, on the average.
// Limits     holds `most_held` bytes. A match that grows longer is replaced as far as it goes, and
//            what follows is looked at anew; one that is not complete by then is not found. In a
//            text that is full of matches, a longer one is not waited for when that would be
//            looking too often: the one that is there is replaced.
#pragma once

#include "pattern.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

class Matcher {
public:
    // Borrows both. `replacements`: what is put in the place of a match, by rule.
    Matcher(const Program& program, const std::vector<std::string>& replacements, size_t most_held);

    // Takes the next piece, and adds to `shown` what may be shown.
    void add(std::string_view piece, std::string& shown);

    // The text is over, or goes on elsewhere: nothing is held any more.
    void end(std::string& shown);

    size_t held() const { return held_.size() - shown_; }
    size_t replaced() const { return replaced_; }  // so far

private:
    // A way through the program, of a match that would begin at `start`.
    struct Thread {
        uint32_t at;
        size_t start;
    };
    struct Match {
        size_t start;
        size_t end;
        uint32_t rule;
    };

    void scan(std::string& shown);
    void step(std::optional<unsigned char> byte);
    void follow(Thread thread, std::optional<unsigned char> next);
    void found(size_t start, uint32_t rule);
    void settle(std::string& shown);
    void keep_to_limits(std::string& shown);
    void show(size_t until, std::string& shown);
    void forget_shown();
    bool at_word_border(std::optional<unsigned char> next) const;

    const Program& program_;
    const std::vector<std::string>& replacements_;
    size_t most_held_;
    std::string held_;                          // the text, from some place before shown_
    size_t shown_ = 0;                          // how much of it was shown or replaced
    size_t position_ = 0;                       // how much of it was looked at
    std::optional<unsigned char> before_held_;  // the byte before held_
    std::vector<Thread> threads_;               // at position_; the earliest start first
    std::vector<Thread> consuming_;             // of the current step
    std::vector<uint64_t> seen_;                // by instruction: the last step that was there
    uint64_t steps_ = 0;
    std::vector<uint32_t> open_;  // of follow()
    std::optional<Match> match_;  // the best so far
    size_t replaced_ = 0;
    size_t may_look_again_ = 0;  // so many bytes
};
