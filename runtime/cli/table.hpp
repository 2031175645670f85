// Rows of text in columns that are as wide as they need to be.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace patchbay::cli {

using Row = std::vector<std::string>;

// `rows.front()` is the heading; all rows have as many cells as it. Control characters in cells
// are shown as "?": a name must not drive the terminal.
void print_table(std::ostream& out, std::vector<Row> rows);

// "2026-01-31 12:00:00" in UTC; "-" for 0.
std::string time_text(int64_t unix_ms);

}  // namespace patchbay::cli
