// The demo's answers: a pure function of what was asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace demo {

// Exactly `words` words with one space between them: a sentence that repeats the question, then
// sentences chosen by a hash of the arguments. UTF-8, also beyond ASCII.
std::string compose_reply(std::string_view model, std::string_view question, uint64_t messages,
                          uint32_t words);

// Where to go on in `reply` when `prefill` was written already: after it, when the reply begins
// with it and no character is cut; else 0.
size_t position_after(std::string_view prefill, std::string_view reply);

// The end of the piece that begins at `from`: a word with the space before it. `from` < size.
size_t end_of_piece(std::string_view reply, size_t from);

}  // namespace demo
