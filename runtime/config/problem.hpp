// What is wrong with a config: one entry for each mistake, all of them reported at once.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace patchbay::config {

struct Problem {
    std::string pointer;  // JSON pointer of the value; "" = the whole file
    std::string found;    // never a secret: no value that came from the environment or a file
    std::string expected;

    // "/server/head_bytes: found 12, expected an integer from 1024 to 1048576."
    std::string sentence() const;
};

using Problems = std::vector<Problem>;

template <class T>
using Checked = std::expected<T, Problems>;

// One line each.
std::string sentences(const Problems& problems);

}  // namespace patchbay::config
