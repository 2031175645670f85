// Regular expressions whose cost grows with the length of the text, and with nothing that it says:
// no backtracking, no recursion. The one pair of files that knows RE2.
//
// The syntax is RE2's, and \uXXXX. What only backtracking can do is refused: look-around and back
// references; so is a pattern whose program does not fit into 1 MiB.
#pragma once

#include <patchbay/error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace patchbay::config {

class LinearRegex {
public:
    // bad_request says what is wrong with the pattern. [any-thread]
    static Result<LinearRegex> parse(const std::string& pattern);

    bool is_found_in(std::string_view text) const;

    // Whether all of the text matches. `groups`: what each (…) took, the whole first; "" where it
    // took nothing. May be nullptr.
    bool matches(std::string_view text, std::vector<std::string>* groups) const;

private:
    explicit LinearRegex(std::shared_ptr<const re2::RE2> compiled)
        : compiled_(std::move(compiled)) {}

    std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace patchbay::config
