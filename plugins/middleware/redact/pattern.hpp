// Regular expressions as a program for matcher.hpp: an automaton over bytes, without backtracking.
//
//   a \. \n \t \r       a character, also one beyond ASCII; an escaped sign; line feed, tab, …
//   . [a-z_] [^"]       any character but a line feed; one of these (ASCII); any but these
//   \d \w \s \D \W \S   ASCII digits, letters with digits and _, white space; any but these
//   \b                  the border of a word of ASCII letters, digits and _
//   x? x* x+ x{2} x{2,} x{2,5}     (x) (?:x) x|y
//
// Refused, with a reason: anchors, back references, look-around, what matches the empty text.
#pragma once

#include <patchbay/error.hpp>

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

using Bytes = std::bitset<256>;

struct Instruction {
    enum class Kind : uint8_t { consume, split, word_border, match };
    Kind kind;
    uint32_t next = 0;
    uint32_t other = 0;  // split: the other way; consume: the index of its bytes; match: the rule
};

// All patterns of a config, as alternatives.
// Limits     4,000 instructions; repetitions of at most 256.
struct Program {
    std::vector<Instruction> instructions;
    std::vector<Bytes> bytes;
    std::vector<uint32_t> starts;  // of each pattern
    Bytes first;                   // what a match may begin with

    // Adds a pattern, whose matches say `rule`. bad_request where it cannot be one.
    patchbay::Result<void> add(std::string_view pattern, bool ignore_case, uint32_t rule);

    // Whose instruction that is.
    uint32_t rule_at(uint32_t at) const;
};
