// Finds and replaces in a text that comes in pieces: the leftmost match, and of those the longest.
//
// Holds back what may yet become part of a match, and nothing else: of most texts not a byte.
//
// Threads    not shared.
// Cost       time grows with the length of the text, whatever it says: no backtracking, and what
//            is behind a match is looked at anew four times at most, on the average.
// Limits     holds `most_held` bytes. What is not decided by then is taken out, and all that
// follows
//            with it, under the same replacement, until no way that began in it goes on. In a text
//            that is full of matches, a longer one is not waited for when that would be looking too
//            often: the one that is there is replaced.
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

    // The text was cut off. What is held may be most of a match: of it nothing is shown but what
    // takes the place of a match that is whole.
    void cut(std::string& shown);

    size_t held() const { return text_end() - shown_; }
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
    void swallow();
    void replace(size_t start, uint32_t rule, std::string& shown);
    void show(size_t until, std::string& shown);
    void forget_shown();
    void forget_all();
    bool at_word_border(std::optional<unsigned char> next) const;
    size_t oldest() const;
    size_t last_border() const;
    size_t waits_for_longer() const;
    size_t text_end() const { return base_ + held_.size(); }
    unsigned char byte_at(size_t at) const { return static_cast<unsigned char>(held_[at - base_]); }

    const Program& program_;
    const std::vector<std::string>& replacements_;
    size_t most_held_;
    std::string held_;                          // the text, from base_ on
    size_t base_ = 0;                           // places are counted from the text's beginning
    size_t shown_ = 0;                          // how much was shown, replaced or swallowed
    size_t position_ = 0;                       // how much was looked at
    std::optional<unsigned char> before_held_;  // the byte before held_
    bool swallowing_ = false;                   // the last replacement stands for more to come
    std::vector<Thread> threads_;               // at position_; the earliest start first
    std::vector<Thread> consuming_;             // of the current step
    std::vector<uint64_t> seen_;                // by instruction: the last step that was there
    uint64_t steps_ = 0;
    std::vector<uint32_t> open_;  // of follow()
    std::optional<Match> match_;  // the best so far
    size_t replaced_ = 0;
    size_t may_look_again_ = 0;  // so many bytes
};
